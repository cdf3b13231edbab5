"""Shows the pages under CLV_HOME/reports in Airflow's own menu, to users who are signed in to Airflow."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles

from clv.core import settings
from clv.marketing import signed_in

PREFIX = "customer-value"
INDEX, GATES = "index.html", "gates/index.html"
NOTHING_YET = {
    INDEX: "Nothing is published yet: run clv_daily, or `clv run --as-of DATE`.",
    GATES: "No gate has judged a run yet: run clv_daily, or `clv run --as-of DATE`.",
}
DRAWING = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='%235b8fc9'%3E"
BARS = f"{DRAWING}%3Cpath d='M2 11h4v7H2zM8 6h4v12H8zM14 2h4v16h-4z'/%3E%3C/svg%3E"
TICK = f"{DRAWING}%3Cpath d='M2 11l3-3 3 3 7-7 3 3L8 17z'/%3E%3C/svg%3E"

app = FastAPI(title="Customer value", docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/{path:path}")
async def page(request: Request) -> Response:
    """Returns a file under CLV_HOME/reports; redirects users who are not signed in to Airflow's login page."""
    try:
        await signed_in.user_of(request)
    except signed_in.NotSignedIn:
        return signed_in.sign_in(request)
    except signed_in.Refused as error:
        return PlainTextResponse(str(error), status_code=403)
    reports = settings.located().reports
    files = StaticFiles(directory=reports, html=True, check_dir=False)
    path = files.get_path(request.scope)
    path = INDEX if path == "." else path
    if path in NOTHING_YET and not (reports / path).exists():
        return PlainTextResponse(NOTHING_YET[path])
    return await files.get_response(path, request.scope)


def _view(name: str, path: str, route: str, icon: str) -> dict:
    return {
        "name": name,
        "href": f"{PREFIX}/{path}",
        "icon": icon,
        "destination": "nav",
        "url_route": route,  # address within Airflow's own page: without it, the menu's button has no target
        "nav_top_level": True,
    }


class ReportsPlugin(AirflowPlugin):
    name = "perennial_reports"
    fastapi_apps = [{"name": "customer_value", "app": app, "url_prefix": f"/{PREFIX}"}]
    external_views = [_view("Reports", INDEX, "reports", BARS), _view("Gates", GATES, "gates", TICK)]
