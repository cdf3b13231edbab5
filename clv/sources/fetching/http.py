"""Reads objects of a service: pages, windows of time, and the cursor."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from clv.core.errors import ClvError
from clv.sources.fetching import cursors, pages, rows
from clv.sources.fetching.declaration import ByCursor, Http, RequestCursor
from clv.sources.fetching.rows import Found, Reached
from clv.sources.fetching.secrets import Secrets
from clv.sources.fetching.service import Answer, Refused, Request, Service


def read(declared: Http, since: str | None, secrets: Secrets) -> Generator[Found]:
    """Yields the objects that changed at a value of the cursor column or later; None: all of them.

    Raises ClvError, or Unavailable if the service may answer later.
    """
    with Service(declared, secrets) as service:
        cursor = declared.cursor
        if isinstance(declared.pages, ByCursor):
            yield from _by_cursor(declared, declared.pages, since, service)
        elif not (cursor and cursor.window and since is not None):
            yield from _part(declared, since, None, service)
        else:
            begin, window = since, cursor.window
            while True:
                end = cursors.moved(begin, window)
                yield from _part(declared, begin, end, service)
                if _is_over(end, service):
                    return
                begin = end


def _is_over(end: str, service: Service) -> bool:
    """Returns whether a window ends at the service's present time or later. The clock of this machine may be wrong."""
    if service.now is None:
        raise ClvError(f"{service} does not say what time it is (the header Date); leave out `window` of the cursor")
    kind, value = cursors.order(end)
    now = {0: int(service.now.timestamp()), 1: service.now, 2: service.now.replace(tzinfo=None)}.get(kind)
    if now is None:
        raise ClvError(f"the cursor's value '{end}' is no time, so `window` cannot be used; leave it out")
    return value >= now  # type: ignore[operator]


def _part(declared: Http, begin: str | None, end: str | None, service: Service) -> Generator[Found]:
    """Yields the objects of one window, page by page."""
    cursor, before, last = declared.cursor, None, None
    request: Request | None = Request(declared.url, {**service.parameters, **_bounds(declared, begin, end)})
    listed, made = None, set()
    while request:
        if repr(request) in made:
            raise ClvError(f"{service} names the same page again as the next one; correct `pages`")
        made.add(repr(request))
        if not (page := _page(request, listed, declared, service)):
            break
        answer, listed = page
        for one in listed:
            yield rows.unit([one], declared.key)
            if cursor and (position := rows.cursor_at(one, cursor.column)) is not None:
                if cursor.ascending:
                    before = _in_order(before, position, cursor, service)
                found = rows.position(position, service.today)
                if isinstance(found, Reached):
                    last = cursors.latest(last, position)
                if cursor.ascending or not isinstance(found, Reached):
                    yield found
        request = pages.following(declared.pages, request, answer, listed)
    if last is not None:
        yield Reached(last)


def _by_cursor(declared: Http, by: ByCursor, since: str | None, service: Service) -> Generator[Found]:
    """Yields the objects in the order of the cursor column. Each page begins where the page before ended, so an object
    that changes meanwhile cannot shift others out of a page."""
    cursor = declared.cursor
    assert cursor  # noqa: S101 - `Http` refuses other declarations
    begin, number, last, listed = since, by.first, None, None
    while True:
        parameters = {**service.parameters, **_bounds(declared, begin, None), by.number: number}
        page = _page(Request(declared.url, parameters), listed, declared, service)
        if not page or not page[1]:
            return
        listed, before = page[1], None
        for one in listed:
            yield rows.unit([one], declared.key)
            if (position := rows.cursor_at(one, cursor.column)) is not None:
                before = _in_order(before, position, cursor, service)
                last = cursors.latest(last, position)
                yield rows.position(position, service.today)
        if last is None:
            return
        following = cursors.moved(last, -by.step)
        if begin is None or cursors.is_after(following, begin):
            begin, number, listed = following, by.first, None
        else:
            number += 1


def _page(
    request: Request, before: list[dict] | None, declared: Http, service: Service
) -> tuple[Answer, list[dict]] | None:
    """Returns an answer and its objects; None if the page before was the last one. before: the objects of that page."""
    try:
        answer = service.get(request)
    except Refused as error:
        if pages.is_past_the_end(declared.pages, error.status, before):
            return None
        raise
    listed, cursor = objects(answer, declared, service), declared.cursor
    if listed and listed == before:
        raise ClvError(f"{service} answers with the same page again; correct `pages`")
    if cursor and listed and before is None and all(rows.cursor_at(one, cursor.column) is None for one in listed):
        raise ClvError(f"{service} answers with objects that have no '{cursor.column}'; correct `column` of the cursor")
    return answer, listed


def _bounds(declared: Http, begin: str | None, end: str | None) -> dict[str, Any]:
    cursor = declared.cursor
    if cursor is None:
        return {}
    bounds = {cursor.parameter: begin, cursor.until or "": end}
    return {
        name: value if cursor.value == "{cursor}" else cursor.value.replace("{cursor}", str(value))
        for name, text in bounds.items()
        if text is not None
        for value in [cursors.written(text, cursor.style)]
    }


def _in_order(before: str | None, position: str, cursor: RequestCursor, service: Service) -> str:
    """Returns the position. Raises ClvError if it lies before the one before it: files would then reach further than
    what was read."""
    if before is not None and cursors.is_after(before, position):
        raise ClvError(
            f"{service} does not order its answer by '{cursor.column}'; correct the parameters, or leave out "
            "`ascending` and pages by cursor"
        )
    return position


def objects(answer: Answer, declared: Http, service: Service) -> list[dict]:
    """Returns the objects of an answer. Raises ClvError if the answer has no list of objects where they should be."""
    found = rows.value_at(answer.content, declared.rows) if declared.rows else answer.content
    if isinstance(found, list) and all(isinstance(one, dict) for one in found):
        return found
    raise ClvError(f"{service} answers without a list of objects at '{declared.rows}'; correct `rows`")
