"""Requests to a service, which read or send: rate limits, errors that pass, and answers that break off."""

from __future__ import annotations

import base64
import json
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from clv.core import dates
from clv.core.errors import ClvError, Unavailable
from clv.sources.fetching.declaration import Endpoint, Http
from clv.sources.fetching.secrets import Secrets
from clv.sources.mapping.complaints import first_line, printable

TRIES = 6
PAUSE = 1.0  # seconds before the second try; doubled before each further one
LONGEST_PAUSE = 300  # seconds; a service that wants a longer pause is asked again by the next fetch
TOO_MANY = 429  # requests; this one is not taken
PASSING = {408, 425, TOO_MANY}  # and all from 500 on
QUOTED = 200  # characters of an error's answer that are shown
IN_PROGRESS = 409  # the answer to a sending that is repeated while the service still works on the first one
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Result = TypeVar("Result")

# The library logs whole URLs, which may contain a secret.
for library in ("httpx", "httpcore"):
    logging.getLogger(library).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Request:
    """A page to request. parameters: those of the URL, or the variables of a GraphQL query."""

    url: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The parsed JSON of an answer. next_link: the URL in its header Link. url: where it comes from."""

    content: Any
    next_link: str | None
    url: str

    def joined(self, url: str) -> str:
        """Returns a URL in the answer as a whole one."""
        return urljoin(self.url, url)


class _Passing(Exception):  # noqa: N818 - what the error does
    """An error that may pass. wait: the seconds that the service wants to pass before the next try. may_be_taken:
    whether the service may have done what was requested."""

    def __init__(self, reason: str, wait: float | None = None, may_be_taken: bool = True) -> None:
        super().__init__(reason)
        self.wait, self.may_be_taken = wait, may_be_taken


class Refused(ClvError):  # noqa: N818 - what the request is
    """A service refuses a request. status: of its answer. may_be_taken: whether an earlier try of the same request,
    whose answer was lost, may have been taken."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status, self.may_be_taken = status, False


class Service:
    """A connection to a service.

    now: the service's time in its latest answer, in UTC; None if it does not say so. parameters: the declared ones.
    """

    def __init__(self, declared: Endpoint, secrets: Secrets) -> None:
        self._declared, self._secrets = declared, secrets
        self.now: datetime | None = None
        texts = [*declared.headers.values(), declared.basic or "", *map(str, declared.parameters.values())]
        if secrets.place(declared.url):
            raise ClvError("'url' names a secret, which is not filled in there; pass it by `headers` or `parameters`")
        self._place = next((place for text in texts if (place := secrets.place(text))), "")
        parts = _parts(declared.url)
        if parts is None:
            raise ClvError(f"'url' is {declared.url!r}; write a whole address that begins with https://")
        if self._place and parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ClvError(f"'url' begins with http://, so anybody on the way could read {self._place}; write https://")
        self._origin = parts[:2]
        self._name = f"{parts.hostname}{parts.path}"
        self._headers = {name: secrets.filled_in(value) for name, value in declared.headers.items()}
        if declared.basic:
            user = base64.b64encode(secrets.filled_in(declared.basic).encode()).decode()
            self._headers["Authorization"] = f"Basic {user}"
        for name, value in self._headers.items():
            if not (f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
                place = secrets.place(declared.headers[name]) or "`headers`"
                raise ClvError(
                    f"the header '{printable(name)}' may have ASCII letters on one line only; correct {place}"
                )
        # Secrets are filled in here alone, and never into what the service gives, such as the token of the next page.
        self.parameters = {
            name: secrets.filled_in(value) if isinstance(value, str) else value
            for name, value in declared.parameters.items()
        }
        self._graphql = declared.graphql if isinstance(declared, Http) else None
        self._client = httpx.Client(
            verify=_certificates(), timeout=declared.timeout, headers={"Accept": "application/json"}
        )
        self._last: float | None = None

    def __str__(self) -> str:
        return self._name

    @property
    def today(self) -> date:
        """The service's date in UTC; this machine's if the service does not say so."""
        return self.now.date() if self.now else dates.today()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, request: Request) -> Answer:
        """Returns the answer to a request; waits and repeats it after errors that may pass.

        Raises Unavailable if they do not pass, and ClvError if the service refuses the request: Refused, unless it
        refuses the secret.
        """
        if (parts := _parts(request.url)) is None or parts[:2] != self._origin:
            raise ClvError(f"{self} names a next page on another server; nothing is sent there")
        return self._repeated(
            lambda: self._try(request), "what was fetched before stays; check `url`, or fetch again later"
        )

    def send(self, content: Any, key: str) -> None:
        """Posts JSON to the declared URL; waits and repeats it, with the same key, after errors that may pass. Any
        status from 200 to 299 confirms it.

        key: the header Idempotency-Key, by which the service knows what it has received already. Raises as `get` does,
        but messages leave the answer out, since it may repeat what was sent.
        """
        headers = {**self._headers, "Idempotency-Key": key}

        def once() -> None:
            answer = self._requested(
                "POST", self._declared.url, params=self.parameters or None, json=content, headers=headers
            )
            if answer.status_code == IN_PROGRESS:
                raise _Passing(f"status {IN_PROGRESS}", self._wanted_pause(answer))
            self._check(answer, is_confirmed=answer.is_success, is_quoted=False)

        self._repeated(once, "what it confirmed before stays sent; check `url`, or repeat the command later")

    def _repeated(self, once: Callable[[], Result], otherwise: str) -> Result:
        """Returns what a request gives. otherwise: the end of the message if errors that may pass do not pass."""
        may_be_taken = False
        for attempt in range(1, TRIES + 1):
            try:
                return once()
            except Refused as error:
                error.may_be_taken = may_be_taken
                raise
            except _Passing as error:
                may_be_taken = may_be_taken or error.may_be_taken
                pause = PAUSE * 2 ** (attempt - 1) if error.wait is None else error.wait
                if attempt == TRIES or pause > LONGEST_PAUSE:
                    raise Unavailable(f"{self} does not answer ({error}); {otherwise}") from None
                sleep(pause)
        raise AssertionError

    def _requested(self, method: str, url: str, **request: Any) -> httpx.Response:
        self._wait_for_rate()
        try:
            answer = self._client.request(method, url, **request)
        except httpx.RequestError as error:  # also an answer that breaks off, or that cannot be unpacked
            reason = printable(self._secrets.without(first_line(error)))
            raise _Passing(f"{type(error).__name__}: {reason}") from None
        self._note_time(answer)
        return answer

    def _try(self, request: Request) -> Answer:
        if self._graphql:
            body = {"query": self._graphql, "variables": request.parameters}
            answer = self._requested("POST", request.url, json=body, headers=self._headers)
        else:
            answer = self._requested("GET", request.url, params=request.parameters or None, headers=self._headers)
        self._check(answer, is_confirmed=answer.status_code == 200)
        try:
            content = answer.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            kind = answer.headers.get("Content-Type", "json")
            if "json" not in kind:
                raise ClvError(f"{self} answers with {printable(kind)}, not with JSON; correct `url`") from None
            raise _Passing("an answer that is not whole JSON") from None
        if self._graphql:
            self._check_graphql(content)
        return Answer(content, answer.links.get("next", {}).get("url"), str(answer.url))

    def _check(self, answer: httpx.Response, is_confirmed: bool, is_quoted: bool = True) -> None:
        """is_quoted: whether messages quote the answer."""
        status = answer.status_code
        if status in PASSING or status >= 500:
            raise _Passing(f"status {status}", self._wanted_pause(answer), may_be_taken=status != TOO_MANY)
        if status in (401, 403):
            where = f"write the present one into {self._place}" if self._place else "declare one under `headers`"
            raise ClvError(f"{self} refuses the secret (status {status}); {where}")
        if answer.has_redirect_location:
            place = printable(self._secrets.without(answer.headers["Location"]))[:QUOTED]
            to = f"to {place}" if is_quoted else f"(status {status})"
            raise ClvError(f"{self} has moved {to}; nothing is sent there, correct `url`")
        if not is_confirmed:
            text = printable(" ".join(self._secrets.without(answer.text).split()))[:QUOTED]
            says = f"status {status}: {text}" if is_quoted else f"status {status}"
            raise Refused(f"{self} refuses the request ({says}); correct the declaration", status)

    def _check_graphql(self, content: Any) -> None:
        errors = content.get("errors") if isinstance(content, dict) else None
        if not errors:
            return
        first: dict = (
            errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {"message": str(errors)}
        )
        if (first.get("extensions") or {}).get("code") in ("THROTTLED", "INTERNAL_SERVER_ERROR"):
            raise _Passing("throttled")
        text = printable(self._secrets.without(str(first.get("message"))))[:QUOTED]
        raise ClvError(f"{self} refuses the query ({text}); correct `graphql`, or the rights of the secret")

    def _wanted_pause(self, answer: httpx.Response) -> float | None:
        """Returns the seconds in the header Retry-After. A time in it is compared with the service's clock, not with
        this machine's."""
        text = answer.headers.get("Retry-After", "").strip()
        if text.replace(".", "", 1).isdigit():
            return float(text)
        until = _http_time(text)
        return max(0.0, (until - self.now).total_seconds()) if until and self.now else None

    def _note_time(self, answer: httpx.Response) -> None:
        self.now = _http_time(answer.headers.get("Date", "")) or self.now

    def _wait_for_rate(self) -> None:
        """Keeps the declared pause between two requests."""
        if self._last is not None and (left := self._last + self._declared.pause - time.monotonic()) > 0:
            sleep(left)
        self._last = time.monotonic()


def _parts(url: str) -> SplitResult | None:
    """Returns the parts of a URL; None if it is no whole address of a service."""
    try:
        httpx.URL(url)  # refuses what it cannot request
        parts = urlsplit(url)
        return parts if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 else None
    except (ValueError, httpx.InvalidURL):
        return None


@cache
def _certificates() -> ssl.SSLContext:
    """Returns the certificates that are trusted. Reading them takes long."""
    return httpx.create_ssl_context()


def sleep(seconds: float) -> None:
    """Waits. Tests replace it."""
    time.sleep(seconds)


def _http_time(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
