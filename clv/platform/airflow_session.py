"""A session with Airflow's REST API: signs in, sends requests, and turns errors into one line."""

from __future__ import annotations

import httpx

from clv.core import settings
from clv.core.errors import ClvError, NotFoundError, Unavailable
from clv.warehouse import db, roles


class LoggedOutError(ClvError):
    """The session's token has expired, or the password is wrong."""


class Airflow:
    """A session with the Airflow of one home. Raises ClvError, in one line, when Airflow does not answer."""

    def __init__(self, home: settings.Settings, base: str | None = None) -> None:
        """base: the address of the API server, if it is not the home's own on this machine."""
        if "airflow_port" not in home.state:
            raise ClvError(f"Airflow was never started in {home.home}; run `clv up` first")
        self.home = home
        self.base = base or f"http://127.0.0.1:{home.state['airflow_port']}"
        self.client = httpx.Client(base_url=self.base, timeout=60, trust_env=False)
        self._log_in()

    def _log_in(self) -> None:
        login = {"username": "admin", "password": self.home.secret("airflow_password")}
        token = self._send("POST", "/auth/token/cli", json=login)["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, **options: object) -> dict:
        """Calls /api/v2 and returns the JSON answer. Renews a token that has expired (after an hour)."""
        try:
            return self._send(method, f"/api/v2{path}", **options)
        except LoggedOutError:
            self._log_in()
            return self._send(method, f"/api/v2{path}", **options)

    def _send(self, method: str, path: str, **options: object) -> dict:
        try:
            answer = self.client.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            raise Unavailable(f"Airflow at {self.base} does not answer ({error}); run `clv up`") from None
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise LoggedOutError(
                f"Airflow at {self.base} does not accept the password in {self.home.secrets}; run `clv up`"
            )
        if answer.is_server_error:  # usually because Airflow's database is down: raise the clearer error about that
            with db.connect(self.home.url_as(roles.PUBLISHER)):
                pass
        if answer.is_error:
            kind = NotFoundError if answer.status_code == httpx.codes.NOT_FOUND else ClvError
            raise kind(f"Airflow refused {method} {path}: {_detail(answer)}")
        return answer.json() if answer.content else {}


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json().get("detail", answer.text)
    except ValueError:
        detail = answer.text
    return " ".join(str(detail).split())[:400]
