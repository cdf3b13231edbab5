"""Takes the pictures of the report in docs/images: python scripts/pictures.py DATE. CLV_HOME names a home with that
date.

Use the demo's newest date (`make demo`). The pictures are taken in Chromium with the light theme, at the width of a
screen and of a phone.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from clv.core import settings

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTHS = {"report-wide": 1280, "report-phone": 375}
TOP = 1500  # pixels of the wide page that the readme shows


def save(picture: Image.Image, name: str) -> None:
    """Saves a picture with 128 colours: a third of the size, and no visible difference."""
    picture.convert("RGB").quantize(128).save(IMAGES / f"{name}.png", optimize=True)


def main(day: str) -> None:
    """Takes every picture of a date's report."""
    page_of_day = settings.load().reports / day / "index.html"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, width in WIDTHS.items():
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="light")
            page.goto(page_of_day.as_uri())
            picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
            save(picture, name)
            if name == "report-wide":
                save(picture.crop((0, 0, width, TOP)), "report-wide-top")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
