"""A home's folders, addresses and settings. clv.core.options declares what can be set.

A home is the folder `CLV_HOME` (default `.clv`). It holds the embedded database, Airflow's home, landing files, models
and reports. `clv up` creates ports and passwords once and keeps them in the home; all other code reads them from there.
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

SHORTEST_WINDOW = 25  # days; shorter halves and thirds of horizons are not used
CLOSEST = 0.2  # relative distance: halves and thirds closer than this to another window add no information

# Switches off the telemetry of every tool, wherever it is started.
QUIET = {
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "SCARF_ANALYTICS": "false",
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Settings:
    """The settings of one home.

    - state: what `clv up` remembers in state.json: ports, and what it started
    - given: the shop's settings; if None, shop.json is read when one of them is first used
    - database: the warehouse's database, or a scratch database on the same server
    """

    home: Path
    state: dict
    given: options.Shop | None = None
    database: str = "warehouse"

    @cached_property
    def shop(self) -> options.Shop:
        """The shop's settings. Raises ClvError when shop.json is invalid."""
        return self.given or options.from_file(self.shop_file)

    def with_shop(self, **values: object) -> Settings:
        """The same home with some of the shop's settings replaced."""
        return replace(self, given=self.shop.changed(**values))

    @property
    def shop_file(self) -> Path:
        return self.home / "shop.json"

    @property
    def alerts_file(self) -> Path:
        """Says who hears of what (docs/alerts.md). Without it, nobody hears of anything."""
        return self.home / "alerts.yml"

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
        """The horizons of forecasts in days, shortest first."""
        return sorted(self.shop.horizons)

    @property
    def blend(self) -> options.Blend:
        """How the weights of the blended forecasts are found."""
        return self.shop.blend

    @property
    def contestants(self) -> options.Contestants:
        """The names of the forecasters that may be published, or "auto" for all. The first one is published unless
        another does better."""
        return self.shop.contestants

    @property
    def windows(self) -> list[int]:
        """The lengths of the windows that models learn from, in days; see the function `windows`."""
        return windows(self.horizons)

    @property
    def embedded(self) -> bool:
        """Whether the database is the home's own, not one named by CLV_WAREHOUSE_URL."""
        return _environment().warehouse_url is None

    def secret(self, name: str) -> str:
        """Reads a secret of the home from its file. Raises ClvError if `clv up` has not created it."""
        try:
            return (self.secrets / name).read_text().strip()
        except FileNotFoundError:
            raise ClvError(f"{self.secrets / name} is missing; run `clv up` first") from None

    @property
    def warehouse_url(self) -> str:
        """The URL of the warehouse as its owner: postgresql://user:password@host:port/database."""
        return self.database_url(self.database)

    def database_url(self, database: str) -> str:
        """The URL, as the owner, of a database on the warehouse's server, such as airflow or mlflow."""
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
        """The URL of the warehouse, or of another database on its server, as a role of clv.warehouse.roles, such as
        "loader" or "analyst".

        A scratch database has no roles, so its URL is the owner's.
        """
        if self.database != "warehouse":
            return self.database_url(database or self.database)
        place = self.database_url(database or self.database).rpartition("@")[2]
        return f"postgresql://clv_{role}:{quote(self.secret(f'{role}_password'), safe='')}@{place}"

    @property
    def analyst_url(self) -> str:
        """The URL of the warehouse as the role clv_analyst, which can read only the schema analytics."""
        return self.url_as("analyst")

    @property
    def own_registry(self) -> bool:
        """Whether the model registry is a database beside the warehouse, not one that MLFLOW_TRACKING_URI names."""
        return _environment().mlflow_url is None

    @property
    def mlflow_url(self) -> str:
        """The URL of the model registry. In a database beside the warehouse, the role is the modeller."""
        return _environment().mlflow_url or for_sqlalchemy(self.url_as("modeller", "mlflow"))

    def remember(self, **values: object) -> Settings:
        """Adds values to the home's state.json atomically, and returns the new settings."""
        self.home.mkdir(parents=True, exist_ok=True)
        partial = self.home / "state.json.partial"
        partial.write_text(json.dumps({**self.state, **values}, indent=2))
        partial.replace(self.home / "state.json")
        return load(self.home)


def for_sqlalchemy(url: str) -> str:
    """Adds the driver that SQLAlchemy needs to the URL of a database."""
    return url.replace("postgresql://", "postgresql+psycopg2://")


def place(url: str) -> str:
    """The address of a database for messages: host:port/database, without secrets."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def _one_spelling(address: str) -> str:
    """Rewrites a PostgreSQL address of any form (postgres://…, host=… dbname=…, password in the query) as
    postgresql://user:password@host:port/database?…, the form that all our tools understand.

    Raises ClvError if the address cannot be read. The error does not repeat the address, which may hold a password.
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
    if "/" in host or "," in host:  # a socket's folder, or several servers: only the query of a URL can hold them
        server = ""
    else:
        server = f"[{host}]" if ":" in host else host
        server += f":{parts.pop('port', None) or 5432}"
        parts.pop("host", None)
    query = f"?{urlencode(parts, quote_via=quote, safe='')}" if parts else ""
    return f"postgresql://{user}@{server}/{database}{query}"


def load(home: Path | str | None = None) -> Settings:
    """Reads the settings of a home (default: CLV_HOME, else .clv in the working directory).

    Raises ClvError if its shop.json is invalid.
    """
    found = located(home)
    return replace(found, given=found.shop)


def located(home: Path | str | None = None) -> Settings:
    """Like `load`, but reads shop.json only when a shop setting is used. So commands that use none of them work even if
    shop.json is invalid."""
    path = Path(home or _environment().home).resolve()
    state = options.json_file(path / "state.json")
    if (path / "home_id").exists():  # apart from state.json: running services are found even if that file is lost
        state["home_id"] = (path / "home_id").read_text().strip()
    return Settings(path, state)


def _environment() -> options.Environment:
    return options.from_environment(options.Environment)


def windows(horizons: Iterable[int]) -> list[int]:
    """The lengths of the windows that models learn from, in days: the horizons, and halves and thirds of them.

    A half or third is left out if it is shorter than SHORTEST_WINDOW, or close to another window. Shorter windows close
    sooner, and they carry information about longer ones.
    """
    found = sorted(horizons)
    for days in sorted(horizons):
        for part in (round(days / 2), round(days / 3)):
            if part >= SHORTEST_WINDOW and all(abs(window - part) > CLOSEST * part for window in found):
                found.append(part)
    return sorted(found)
