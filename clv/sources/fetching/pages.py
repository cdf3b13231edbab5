"""How the next page of an answer is requested."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clv.sources.fetching import rows
from clv.sources.fetching.declaration import LastRow, LinkHeader, NextUrl, Number, Offset, Pages, Token
from clv.sources.fetching.service import Answer, Request


def following(by: Pages, request: Request, answer: Answer, listed: list[dict]) -> Request | None:
    """Returns the request for the page after an answer; None if that was the last one. listed: its objects."""
    match by:
        case LinkHeader():
            return Request(answer.joined(answer.next_link), {}) if answer.next_link else None
        case NextUrl():
            url = rows.value_at(answer.content, by.at)
            return Request(answer.joined(str(url)), {}) if url else None
        case Number():
            number = int(request.parameters.get(by.parameter, by.first))
            return _with(request, by.parameter, number + 1) if len(listed) >= by.size else None
        case Offset():
            offset = int(request.parameters.get(by.parameter, 0))
            return _with(request, by.parameter, offset + len(listed)) if len(listed) >= by.size else None
        case Token():
            return _leading_on(request, by, answer, rows.value_at(answer.content, by.at))
        case LastRow():
            return _leading_on(request, by, answer, rows.value_at(listed[-1], by.at) if listed else None)
    return None


def _leading_on(request: Request, by: Token | LastRow, answer: Answer, value: Any) -> Request | None:
    if not value or (by.more and not rows.value_at(answer.content, by.more)):
        return None
    return _with(request, by.parameter, value)


def _with(request: Request, name: str, value: Any) -> Request:
    return replace(request, parameters={**request.parameters, name: value})
