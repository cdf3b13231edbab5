"""The frame of the pages: how they are drawn, what they share, and the headers of each answer."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from clv.marketing.signed_in import User
from clv.reporting import pages

MENU = {"lists": "Lists", "customers": "Customers", "experiments": "Experiments"}  # by the page's path
# Nothing is loaded from elsewhere, no script runs, and only Airflow's own page may show these pages in a frame.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_drawn = pages.environment(Path(__file__).parent / "templates")
_drawn.filters["minute"] = lambda moment: f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def page(
    request: Request,
    user: User | None,
    template: str,
    status: int = 200,
    reload_after: int | None = None,
    **facts: Any,
) -> HTMLResponse:
    """Draws a page, which the browser reloads after so many seconds if they are given.

    Templates have `root` (the path before that of each page), `menu`, `here` (the entry of the menu that the page
    belongs to) and `user` beside the facts.
    """
    here = request.scope["path"].removeprefix(root(request)).strip("/").partition("/")[0]
    text = _drawn.get_template(template).render(root=root(request), menu=MENU, here=here, user=user, **facts)
    return HTMLResponse(text, status, {"Refresh": str(reload_after)} if reload_after else None)


def problem(request: Request, text: str, status: int) -> HTMLResponse:
    """Draws a page that says in one line what is wrong and what to do."""
    return page(request, None, "problem.html", status, text=text)


def to(request: Request, path: str) -> RedirectResponse:
    """Answers a form: the browser opens the page at this path, so that reloading it sends nothing again."""
    return RedirectResponse(root(request) + path, status_code=303)


def root(request: Request) -> str:
    """The path under which the pages are mounted."""
    return request.scope.get("root_path", "")
