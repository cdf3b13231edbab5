"""The FastAPI app of the place for marketers. dags/plugins/marketing.py mounts it in Airflow's API server."""

from __future__ import annotations

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteError
from starlette.middleware.base import RequestResponseEndpoint

from clv.core.errors import ClvError, Unavailable
from clv.marketing import frame, signed_in
from clv.marketing.pages import customers, experiments, lists

app = FastAPI(title="Marketing", docs_url=None, redoc_url=None, openapi_url=None)
for module in (lists, customers, experiments):
    app.include_router(module.router)


@app.get("/")
def first(request: Request) -> Response:
    """The address without a page leads to the lists."""
    return frame.to(request, "/lists")


@app.middleware("http")
async def with_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Adds the headers that every answer has."""
    response = await call_next(request)
    response.headers.update(frame.HEADERS)
    return response


@app.exception_handler(signed_in.NotSignedIn)
def not_signed_in(request: Request, _: Exception) -> Response:
    """Leads to the login page."""
    return signed_in.sign_in(request)


@app.exception_handler(signed_in.Refused)
def refused(request: Request, error: Exception) -> Response:
    """Says why the request may not be made."""
    return frame.problem(request, str(error), 403)


@app.exception_handler(ClvError)
def mistaken(request: Request, error: Exception) -> Response:
    """Says what is wrong, and the remedy."""
    return frame.problem(request, str(error), 503 if isinstance(error, Unavailable) else 409)


@app.exception_handler(psycopg.errors.QueryCanceled)
def too_slow(request: Request, _: Exception) -> Response:
    """Says that the database is busy."""
    return frame.problem(request, "the warehouse took too long to answer; try again in a while", 503)


@app.exception_handler(psycopg.DataError)
def odd(request: Request, _: Exception) -> Response:
    """Says that a value of an address or a form is none that the warehouse can have."""
    return frame.problem(request, "a value of this address or form cannot be read; begin again at the menu", 400)


@app.exception_handler(StarletteError)
def not_found(request: Request, error: StarletteError) -> Response:
    """Says that there is no such page, or that it takes no forms."""
    return frame.problem(request, f"{request.scope['path']}: {error.detail}".lower(), error.status_code)


@app.exception_handler(RequestValidationError)
def unreadable(request: Request, error: RequestValidationError) -> Response:
    """Says which value of an address or a form cannot be read."""
    found = error.errors()[0]
    return frame.problem(request, f"{found['loc'][-1]}: {found['msg']}", 400)
