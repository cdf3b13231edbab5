"""Mounts the place for marketers (clv/marketing) in Airflow's API server, with its entries in Airflow's menu."""

from __future__ import annotations

import asyncio
from importlib import import_module

from airflow.plugins_manager import AirflowPlugin
from starlette.types import Receive, Scope, Send

from clv.marketing.first_page import FirstPage

PREFIX = "marketing"
DRAWING = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='%235b8fc9'%3E"
ROWS = f"{DRAWING}%3Cpath d='M2 3h3v3H2zM7 3h11v3H7zM2 8.5h3v3H2zM7 8.5h11v3H7zM2 14h3v3H2zM7 14h11v3H7z'/%3E%3C/svg%3E"
FLASK = f"{DRAWING}%3Cpath d='M7 2h6v2h-1v5l5 9H3l5-9V4H7z'/%3E%3C/svg%3E"
HEAD = f"{DRAWING}%3Ccircle cx='10' cy='6' r='4'/%3E%3Cpath d='M2 18a8 7 0 0 1 16 0z'/%3E%3C/svg%3E"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request. Every Airflow process loads this plugin, but only the API server gets requests: so the pages
    are loaded with the first one, in a thread, since the server goes on meanwhile."""
    pages = await asyncio.to_thread(import_module, "clv.marketing.app")
    await pages.app(scope, receive, send)


def _view(name: str, path: str, icon: str) -> dict:
    return {
        "name": name,
        "href": f"{PREFIX}/{path}",
        "icon": icon,
        "destination": "nav",
        "url_route": path,
        "nav_top_level": True,
    }


class MarketingPlugin(AirflowPlugin):
    name = "perennial_marketing"
    fastapi_apps = [{"name": "marketing", "app": app, "url_prefix": f"/{PREFIX}"}]
    fastapi_root_middlewares = [
        {"name": "first_page", "middleware": FirstPage, "args": [], "kwargs": {"lists": "/plugin/lists"}}
    ]
    external_views = [
        _view("Lists", "lists", ROWS),
        _view("Customers", "customers", HEAD),
        _view("Experiments", "experiments", FLASK),
    ]
