"""Headless Chromium, and how it signs in to Airflow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from clv.core import settings
from clv.platform.runtime import airflow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def started() -> Iterator:
    """A browser that makes no requests by itself."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def sign_in(page, home: settings.Settings, user: str = airflow.USER) -> None:
    """Fills in Airflow's login page."""
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", home.secret(airflow.USERS[user][1]))
    page.get_by_role("button", name="Sign in").click()
