"""Who is signed in to Airflow, what they may do here, and whether a form comes from a page of ours."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi import Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse

from clv.core import settings
from clv.marketing.rights import ACTING, LOOKING, MARKETER


class NotSignedIn(Exception):  # noqa: N818 - what the visitor is
    """Nobody is signed in."""


class Refused(Exception):  # noqa: N818 - what happened to the request
    """The request may not be made. Its text is one line for the one who made it."""


class User(NamedTuple):
    """Somebody who is signed in. form_token: what each form that acts must send back; it belongs to this sign-in, and
    other sites cannot know it."""

    name: str
    role: str
    form_token: str

    @property
    def may_act(self) -> bool:
        """Whether they may approve, revoke, export and stop."""
        return self.role in ACTING


async def user_of(request: Request) -> User:
    """Returns who is signed in. Raises NotSignedIn, or Refused if their role sees no pages."""
    # Airflow's own pages check the sign-in themselves; a plugin's page must do it here.
    found = await _by_airflow(request)
    if found is None:
        raise NotSignedIn
    name, role, cookie = found
    if role not in LOOKING:
        raise Refused(f"{name} may not see these pages; ask who runs Perennial for the role {MARKETER}")
    key = settings.located().secret("airflow_secret_key").encode()
    return User(name, role, hmac.new(key, f"form {cookie}".encode(), hashlib.sha256).hexdigest())


async def acting(request: Request, user: Looking, form_token: Annotated[str, Form()] = "") -> User:
    """Returns who is signed in, of a form that acts. Raises Refused if they may not act, or if the form does not come
    from a page that they opened after they signed in."""
    if not user.may_act:
        raise Refused(f"{user.name} may look, but not approve, export or stop; sign in as admin or {MARKETER}")
    if not _of_this_origin(request) or not hmac.compare_digest(form_token.encode(), user.form_token.encode()):
        raise Refused("this form is not of a page that you opened since you signed in; open the page again")
    return user


def sign_in(request: Request) -> RedirectResponse:
    """Redirects to Airflow's login page, and from there back to the page; to the first one if a form was sent."""
    first = request.url.replace(path=f"{request.scope.get('root_path', '')}/", query="")
    back = request.url if request.method == "GET" else first
    return RedirectResponse(f"/api/v2/auth/login?next={quote(str(back), safe='')}", status_code=303)


Looking = Annotated[User, Depends(user_of)]
Acting = Annotated[User, Depends(acting)]


def _of_this_origin(request: Request) -> bool:
    """Whether the browser says that the request comes from a page of this address. Airflow's cookie is not sent from
    other sites, but it is from other ports and subdomains."""
    if site := request.headers.get("sec-fetch-site"):
        return site == "same-origin"
    return urlsplit(request.headers.get("origin", "")).netloc == request.headers.get("host")


async def _by_airflow(request: Request) -> tuple[str, str | None, str] | None:
    """Name, role and cookie of the one who is signed in to Airflow."""
    # Imported inside the function, because every Airflow process loads the plugins that use this, and only the API
    # server has already loaded these modules.
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.core_api.security import resolve_user_from_token

    cookie = request.cookies.get(COOKIE_NAME_JWT_TOKEN)
    try:
        user = await resolve_user_from_token(cookie)
    except HTTPException:
        return None
    return user.get_name(), (getattr(user, "role", None) or "").lower(), cookie or ""
