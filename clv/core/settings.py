"""Where things are: a home's folders, addresses and settings. What can be set is declared in clv.core.options.

`CLV_HOME` (default `.clv`) holds the embedded database, Airflow's home, landing files, models and reports.
Ports and passwords are made once by `clv up`, kept under it, and read from there by everything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from clv.core import options
from clv.core.errors import ClvError
from clv.core.places import PROJECT as PROJECT

SHORTEST_WINDOW = 25  # days that are learned from, where no shorter horizon is asked for
NEXT_TO = 0.2  # of a window: closer windows add no information

# Switches off the telemetry of every tool, wherever we start it.
QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "SCARF_ANALYTICS": "false",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Settings:
    """One home's settings. `state` is what `clv up` remembered: ports and what it started. `database` is the
    warehouse's, unless something is tried out beside it. `given` are the shop's settings where they are known; else
    shop.json is read when the first of them is asked for."""

    home: Path
    state: dict
    given: options.Shop | None = None
    database: str = "warehouse"

    @cached_property
    def shop(self) -> options.Shop:
        """The shop's settings. Raises ClvError when shop.json is invalid."""
        return self.given or options.from_file(self.shop_file)

    def with_shop(self, **values: object) -> Settings:
        """The same home with other settings of the shop, instead of those in its shop.json."""
        return replace(self, given=self.shop.changed(**values))

    @property
    def shop_file(self) -> Path:
        return self.home / "shop.json"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def airflow_home(self) -> Path:
        return self.home / "airflow"

    @property
    def horizons(self) -> list[int]:
        """Horizons of forecasts in days, shortest first."""
        return sorted(self.shop.horizons)

    @property
    def blend(self) -> options.Blend:
        """The way to choose the weights of blended forecasts."""
        return self.shop.blend

    @property
    def contestants(self) -> list[str]:
        """Forecasters that may be published, by name: the first one is, unless another did better."""
        return self.shop.contestants

    @property
    def windows(self) -> list[int]:
        """Lengths of the windows that models learn from, in days: see `windows`."""
        return windows(self.horizons)

    @property
    def embedded(self) -> bool:
        """Whether the database is the home's own, not one named by CLV_WAREHOUSE_URL."""
        return _environment().warehouse_url is None

    def secret(self, name: str) -> str:
        """A secret by name, from a file that only the owner can read. Raises ClvError if `clv up` has not created
        it."""
        try:
            return (self.secrets / name).read_text().strip()
        except FileNotFoundError:
            raise ClvError(f"{self.secrets / name} is missing; run `clv up` first") from None

    @property
    def warehouse_url(self) -> str:
        """The warehouse as its owner: postgresql://user:password@host:port/database."""
        return self.database_url(self.database)

    def database_url(self, database: str) -> str:
        """The URL of a database beside the warehouse on the same server (airflow, mlflow)."""
        if address := _environment().warehouse_url:
            base, _, rest = _one_spelling(address).rpartition("/")
            name, _, query = rest.partition("?")
            if database != "warehouse":
                name = f"{name}_{database}"
            return f"{base}/{name}" + (f"?{query}" if query else "")
        if "postgres_port" not in self.state:
            raise ClvError(f"no database in {self.home} yet; run `clv up` first")
        password = quote(self.secret("postgres_password"), safe="")
        return f"postgresql://clv_owner:{password}@127.0.0.1:{self.state['postgres_port']}/{database}"

    def url_as(self, role: str, database: str | None = None) -> str:
        """The URL of the warehouse, or of a database beside it, as a role of clv.warehouse.roles: "loader", "analyst"
        and so on.

        A scratch database has no roles: only its owner uses it.
        """
        if self.database != "warehouse":
            return self.database_url(database or self.database)
        place = self.database_url(database or self.database).rpartition("@")[2]
        return f"postgresql://clv_{role}:{quote(self.secret(f'{role}_password'), safe='')}@{place}"

    @property
    def analyst_url(self) -> str:
        """The URL of the warehouse as the role clv_analyst, which reads the schema analytics only."""
        return self.url_as("analyst")

    @property
    def own_registry(self) -> bool:
        """Whether the registry of models is a database beside the warehouse, not one named by MLFLOW_TRACKING_URI."""
        return _environment().mlflow_url is None

    @property
    def mlflow_url(self) -> str:
        """The URL of the registry; as the modeller, if it is a database beside the warehouse."""
        return _environment().mlflow_url or for_sqlalchemy(self.url_as("modeller", "mlflow"))

    def remember(self, **values: object) -> Settings:
        """Writes values into the home's state, whole or not at all, and returns the new settings."""
        self.home.mkdir(parents=True, exist_ok=True)
        partial = self.home / "state.json.partial"
        partial.write_text(json.dumps({**self.state, **values}, indent=2))
        partial.replace(self.home / "state.json")
        return load(self.home)


def for_sqlalchemy(url: str) -> str:
    """The URL of a database in the form that SQLAlchemy needs, with its driver."""
    return url.replace("postgresql://", "postgresql+psycopg2://")


def place(url: str) -> str:
    """The place of a database for messages: host:port/database, without secrets."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def _one_spelling(address: str) -> str:
    """A PostgreSQL address in any form (postgres://…, host=… dbname=…, password in the query) as
    postgresql://user:password@host:port/database?…, which all our tools understand.

    Raises ClvError, which does not repeat the address, when it cannot be read.
    """
    expected = "write postgresql://user:password@host:port/database"
    try:
        parts = conninfo_to_dict(re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", address.strip()))
    except ProgrammingError:
        raise ClvError(f"CLV_WAREHOUSE_URL cannot be read; {expected}") from None
    if missing := [name for key, name in (("user", "user"), ("dbname", "database")) if not parts.get(key)]:
        raise ClvError(f"CLV_WAREHOUSE_URL names no {' and no '.join(missing)}; {expected}")
    user = ":".join(quote(str(parts.pop(key)), safe="") for key in ("user", "password") if key in parts)
    database = quote(str(parts.pop("dbname")), safe="")
    host = str(parts.get("host") or "127.0.0.1")
    if "/" in host or "," in host:  # a socket's folder, or several servers: they stay in the query
        server = ""
    else:
        server = f"[{host}]" if ":" in host else host
        server += f":{parts.pop('port', None) or 5432}"
        parts.pop("host", None)
    query = f"?{urlencode(parts, quote_via=quote, safe='')}" if parts else ""
    return f"postgresql://{user}@{server}/{database}{query}"


def load(home: Path | str | None = None) -> Settings:
    """The settings of a home (default: CLV_HOME, else .clv in the working directory).

    Raises ClvError when its shop.json is invalid.
    """
    found = located(home)
    return replace(found, given=found.shop)


def located(home: Path | str | None = None) -> Settings:
    """Like `load`, but does not read shop.json, so that commands that need none of its settings work when it is
    invalid."""
    path = Path(home or _environment().home).resolve()
    state = options.json_file(path / "state.json")
    if (path / "home_id").exists():  # not part of the state: running services are found by it even if the state is lost
        state["home_id"] = (path / "home_id").read_text().strip()
    return Settings(path, state)


def _environment() -> options.Environment:
    return options.from_environment(options.Environment)


def windows(horizons: Iterable[int]) -> list[int]:
    """The horizons, with halves and thirds of long ones unless these are close to another window. Shorter windows close
    sooner and carry information about longer ones."""
    found = sorted(horizons)
    for days in sorted(horizons):
        for part in (round(days / 2), round(days / 3)):
            if part >= SHORTEST_WINDOW and all(abs(window - part) > NEXT_TO * part for window in found):
                found.append(part)
    return sorted(found)
