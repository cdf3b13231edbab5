"""How the next page of an answer is requested."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clv.sources.fetching import rows
from clv.sources.fetching.declaration import ByCursor, LastRow, LinkHeader, NextUrl, Number, Offset, Pages, Token
from clv.sources.fetching.service import Answer, Request


def following(by: Pages, request: Request, answer: Answer, listed: list[dict]) -> Request | None:
    """Returns the request for the page after an answer; None if that was the last one. listed: its objects.

    A page that is shorter than was asked for need not be the last one, since services have limits of their own.
    """
    match by:
        case LinkHeader():
            return Request(answer.joined(answer.next_link), {}) if answer.next_link else None
        case NextUrl():
            url = rows.value_at(answer.content, by.at)
            return Request(answer.joined(str(url)), {}) if url else None
        case Number():
            number = int(request.parameters.get(by.parameter, by.first))
            return _with(request, by.parameter, number + 1) if listed else None
        case Offset():
            offset = int(request.parameters.get(by.parameter, 0))
            return _with(request, by.parameter, offset + len(listed)) if listed else None
        case Token():
            return _leading_on(request, by, answer, rows.value_at(answer.content, by.at))
        case LastRow():
            return _leading_on(request, by, answer, rows.value_at(listed[-1], by.at) if listed else None)
    return None


def is_past_the_end(by: Pages, status: int, before: list[dict] | None) -> bool:
    """Returns whether a service refuses a page because the one before it was the last one. status: of its answer.
    before: the objects of the page before; None if there is none."""
    if before is None or not isinstance(by, Number | Offset | ByCursor):
        return False
    return status == 404 or (status == 400 and len(before) < by.size)


def _leading_on(request: Request, by: Token | LastRow, answer: Answer, value: Any) -> Request | None:
    if not value or (by.more and not rows.value_at(answer.content, by.more)):
        return None
    return _with(request, by.parameter, value)


def _with(request: Request, name: str, value: Any) -> Request:
    return replace(request, parameters={**request.parameters, name: value})
