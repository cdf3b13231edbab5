"""The page Lists: the lists of a date."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request, Response

from clv.core import settings
from clv.decisions.lists import reading
from clv.marketing import frame
from clv.marketing.signed_in import Looking

router = APIRouter(prefix="/lists")


@router.get("")
def every_list(request: Request, user: Looking, as_of: date | None = None) -> Response:
    """The lists of a published date (default: the newest one)."""
    found = reading.lists(settings.located(), as_of)
    return frame.page(request, user, "lists.html", lists=found)
