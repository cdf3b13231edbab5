"""Files of an SFTP server on loopback."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import fetched
import pytest

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching.fetch import fetch

paramiko = pytest.importorskip("paramiko", reason="paramiko is not installed (make bootstrap-connectors)")


class Login(paramiko.ServerInterface):
    """Lets one user in."""

    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == ("perennial", "password")
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's signature
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - paramiko's signature
        return paramiko.OPEN_SUCCEEDED


class Folder(paramiko.SFTPServerInterface):
    """Serves the folder `root` for reading."""

    root: Path

    def list_folder(self, path: str) -> list:
        return [self._described(one) for one in sorted((self.root / path.lstrip("/")).iterdir())]

    def stat(self, path: str):
        place = self.root / path.lstrip("/")
        return self._described(place) if place.exists() else paramiko.SFTP_NO_SUCH_FILE

    lstat = stat

    def open(self, path: str, flags: int, attr: object):  # noqa: ARG002 - paramiko's signature
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = (self.root / path.lstrip("/")).open("rb")  # type: ignore[attr-defined]
        handle.stat = lambda: self.stat(path)  # type: ignore[method-assign]
        return handle

    def _described(self, place: Path):
        return paramiko.SFTPAttributes.from_stat(os.stat(place), place.name)  # noqa: PTH116 - what the class takes


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict]:
    """Serves the folder `exports`; gives the port and the key."""
    (tmp_path / "exports").mkdir()
    served = type("Served", (Folder,), {"root": tmp_path})
    key, open_transports = paramiko.ECDSAKey.generate(), []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                transport = paramiko.Transport(connection)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, served)
                transport.start_server(server=Login())
                open_transports.append(transport)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield {"port": listening.getsockname()[1], "host_key": f"{key.get_name()} {key.get_base64()} comment"}
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()
    for transport in open_transports:
        transport.close()


def test_files_of_a_server_are_copied_once_and_again_when_they_change(server: dict, tmp_path: Path):
    home = Settings(tmp_path / "home", {})
    exports = tmp_path / "exports"
    (exports / "a.csv").write_text("id\n1\n")
    options = {**server, "username": "perennial", "password": "{secret:sftp_password}"}
    declared = {"from": "files", "url": "sftp://127.0.0.1/exports/*.csv", "options": options}
    fetched.declare(home, "shop", declared, sftp_password="password")
    assert [fetch("shop", home).files for _ in range(2)] == [1, 0]
    (exports / "a.csv").write_text("id\n1\n2\n")
    (exports / "b.csv").write_text("id\n3\n")
    assert fetch("shop", home).files == 2
    assert (home.landing / "shop" / "a.csv").read_text() == "id\n1\n2\n"
    fetched.keep_secret(home, "sftp_password", "old-password")
    with pytest.raises(ClvError, match="AuthenticationException") as refused:
        fetch("shop", home)
    assert "old-password" not in str(refused.value)
    options = {**options, "host_key": f"ecdsa-sha2-nistp256 {'A' * 40}"}
    fetched.declare(home, "shop", {**declared, "options": options}, sftp_password="password")
    with pytest.raises(ClvError, match="shows another key"):
        fetch("shop", home)
