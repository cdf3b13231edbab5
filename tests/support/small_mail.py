"""A mail server on loopback that keeps what it receives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@contextmanager
def receiving(refuse: str = "") -> Iterator[tuple[int, list[EmailMessage]]]:
    """Gives the port of a server and the messages that it has received. refuse: a recipient that it does not take."""
    received: list[EmailMessage] = []

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.answer("220 ready")
            while line := self.rfile.readline():
                command = line.decode().strip()
                if command.upper() == "DATA":
                    self.answer("354 go on")
                    received.append(message_from_bytes(self.content(), policy=default))  # type: ignore[arg-type]
                if command.upper() == "QUIT":
                    self.answer("221 bye")
                    return
                self.answer("550 unknown" if refuse and refuse in command else "250 good")

        def content(self) -> bytes:
            lines = iter(self.rfile.readline, b".\r\n")
            return b"".join(line.removeprefix(b".") for line in lines)

        def answer(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], received
        finally:
            server.shutdown()
            thread.join()
