"""Services on loopback for tests of connectors: an HTTP server whose answers a function decides, and a shop's."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Incoming:
    """A request: its path, the parameters of its URL, its headers, and the JSON of its body."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class Reply:
    """An answer. content: what becomes JSON, or bytes as they are. cut: the bytes after which the connection breaks."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


@contextmanager
def serving(answer: Callable[[Incoming], Reply]) -> Iterator[str]:
    """Gives the URL of a service that answers as the function says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - http.server's name
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            incoming = Incoming(parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body and json.loads(body))
            reply = answer(incoming)
            content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
            self.send_response_only(reply.status)
            for name, value in {"Date": self.date_time_string(), **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: reply.cut])
            self.close_connection = reply.cut is not None

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


START = datetime(2024, 6, 1, tzinfo=UTC)


def at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def order(number: int, minute: int, total: str = "10.00") -> dict:
    return {"id": number, "updated_at": at(minute), "total": total}


class Shop:
    """A service with orders that answers in pages of two, in the order of changes. faults: answers that come first."""

    def __init__(self, *orders: dict) -> None:
        self.orders = {one["id"]: one for one in orders}
        self.faults: deque[Reply] = deque()
        self.received: list[Incoming] = []

    def change(self, one: dict) -> None:
        self.orders[one["id"]] = one

    def __call__(self, incoming: Incoming) -> Reply:
        self.received.append(incoming)
        if self.faults:
            return self.faults.popleft()
        since, page = incoming.parameters.get("since", ""), int(incoming.parameters.get("page", 1))
        found = sorted((o for o in self.orders.values() if o["updated_at"] >= since), key=lambda o: o["updated_at"])
        listed = found[2 * page - 2 : 2 * page]
        more = len(found) > 2 * page
        query = f"?since={since}&page={page + 1}"
        headers = {"Link": f'<http://{incoming.headers["Host"]}/orders{query}>; rel="next"'} if more else {}
        content = {"orders": listed, "next": page + 1 if more else None, "url": f"/orders{query}" if more else None}
        return Reply(content, headers=headers)
