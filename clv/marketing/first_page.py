"""Leads marketers from Airflow's address to the lists: Airflow's own first page shows runs, which they may not see."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from clv.marketing import signed_in
from clv.marketing.rights import MARKETER


class FirstPage:
    """A middleware of Airflow's whole server. lists: the address of the lists within Airflow's own page."""

    def __init__(self, app: ASGIApp, lists: str) -> None:
        self.app, self.lists = app, lists

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["type"] == "http" and scope["path"] == f"{scope.get('root_path', '')}/" and await _is_marketer(scope):
            app = RedirectResponse(f"{scope.get('root_path', '')}{self.lists}", status_code=303)
        await app(scope, receive, send)


async def _is_marketer(scope: Scope) -> bool:
    try:
        user = await signed_in.user_of(Request(scope))
    except (signed_in.NotSignedIn, signed_in.Refused):
        return False
    return user.role == MARKETER
