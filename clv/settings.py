"""Where things are: one place that reads the environment and the home's own settings.

`CLV_HOME` (default `.clv`) holds the embedded database, Airflow's home, landing files, models and reports.
Ports and passwords are made once by `clv up`, kept under it, and read from there by everything else.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from clv.declared import HORIZONS
from clv.errors import ClvError

PROJECT = Path(__file__).resolve().parent.parent
LONGEST_HORIZON = 1095
BLENDS = ("weighted", "voting", "stacking")  # ways to the weights of the forecasts that are blended
SHORTEST_WINDOW = 25  # days that are learned from, where no shorter horizon is asked for
CONSENT_POLICIES = ("exclude", "include")
SEARCHES = ("bayes", "random", "grid")
NEXT_TO = 0.2  # of a window: nearer ones tell the same

# What may be set in $CLV_HOME/shop.json, with the value used where it is not set.
SHOP_DEFAULTS = {
    "gross_margin": None,  # profit per unit of revenue where a source brings no cost; None: profit is revenue there
    "discount_rate": 0.10,  # per year
    "horizons": list(HORIZONS),  # days that are forecast; the longest is the main one
    "tune_minutes": 0,  # that a training may search for the learners' parameters; 0: the usual ones
    "tune_search": "bayes",  # or random, or grid
    "blend": BLENDS[0],
    "minimum_days": 180,  # of orders before a forecast is made
    "minimum_customers": 500,
    "time_zone": "UTC",  # that orders are dated in; times whose offset or zone is known are converted to it
    "unknown_consent": CONSENT_POLICIES[0],  # whether lists meant for contact hold customers who were never asked
    "currency": None,  # the warehouse's; where it is not set, the first file's
    "retention_days": None,  # after which upkeep removes what names a person and no step reads; None: never
}

# Telemetry of every tool is off, wherever we start it.
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
    warehouse's, unless something is tried out beside it."""

    home: Path
    state: dict
    shop: dict
    database: str = "warehouse"

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
        """Days that are forecast, shortest first."""
        return sorted(self.shop["horizons"])

    @property
    def blend(self) -> str:
        """How the weights of the blended forecasts are found: one of BLENDS."""
        return self.shop["blend"]

    @property
    def windows(self) -> list[int]:
        """Days after a past date over which is counted what followed it: see `windows`."""
        return windows(self.horizons)

    @property
    def spark_master(self) -> str:
        return os.environ.get("SPARK_MASTER") or "local[*]"

    @property
    def embedded(self) -> bool:
        """True when the database is the home's own, False when CLV_WAREHOUSE_URL names another."""
        return not os.environ.get("CLV_WAREHOUSE_URL")

    def secret(self, name: str) -> str:
        """A secret by name, from a file only the owner reads. Raises ClvError when `clv up` has not made it."""
        try:
            return (self.secrets / name).read_text().strip()
        except FileNotFoundError:
            raise ClvError(f"{self.secrets / name} is missing; run `clv up` first") from None

    @property
    def warehouse_url(self) -> str:
        """The warehouse as its owner: postgresql://user:password@host:port/database."""
        return self.database_url(self.database)

    def database_url(self, database: str) -> str:
        """A database beside the warehouse on the same server (airflow, mlflow)."""
        if not self.embedded:
            base, _, rest = _one_spelling(os.environ["CLV_WAREHOUSE_URL"]).rpartition("/")
            name, _, query = rest.partition("?")
            if database != "warehouse":
                name = f"{name}_{database}"
            return f"{base}/{name}" + (f"?{query}" if query else "")
        if "postgres_port" not in self.state:
            raise ClvError(f"no database in {self.home} yet; run `clv up` first")
        password = quote(self.secret("postgres_password"), safe="")
        return f"postgresql://clv_owner:{password}@127.0.0.1:{self.state['postgres_port']}/{database}"

    def url_as(self, role: str, database: str | None = None) -> str:
        """The warehouse, or a database beside it, as one of the roles of clv.roles: "loader", "analyst" and so on.

        A database that something is tried out in knows no roles: it is its owner's alone.
        """
        if self.database != "warehouse":
            return self.database_url(database or self.database)
        place = self.database_url(database or self.database).rpartition("@")[2]
        return f"postgresql://clv_{role}:{quote(self.secret(f'{role}_password'), safe='')}@{place}"

    @property
    def analyst_url(self) -> str:
        """The warehouse as an analyst sees it: role clv_analyst, which reads the schema analytics only."""
        return self.url_as("analyst")

    @property
    def mlflow_url(self) -> str:
        """The registry, as the modeller where it is a database beside the warehouse."""
        return os.environ.get("MLFLOW_TRACKING_URI") or for_sqlalchemy(self.url_as("modeller", "mlflow"))

    def remember(self, **values: object) -> Settings:
        """Writes values into the home's state, whole or not at all, and returns the settings anew."""
        self.home.mkdir(parents=True, exist_ok=True)
        partial = self.home / "state.json.partial"
        partial.write_text(json.dumps({**self.state, **values}, indent=2))
        partial.replace(self.home / "state.json")
        return load(self.home)


def for_sqlalchemy(url: str) -> str:
    """A database's address as SQLAlchemy wants it, with its driver."""
    return url.replace("postgresql://", "postgresql+psycopg2://")


def place(url: str) -> str:
    """Where a database is, for messages: host:port/database, and nothing secret."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    return f"{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def _one_spelling(address: str) -> str:
    """PostgreSQL's address in any of its spellings (postgres://…, host=… dbname=…, the password in the query) as
    postgresql://user:password@host:port/database?…, which every tool of ours understands.

    Raises ClvError, which does not repeat the address, when it cannot be read.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

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
    if "/" in host or "," in host:  # a socket's folder, or several servers: these stay in the query
        server = ""
    else:
        server = f"[{host}]" if ":" in host else host
        server += f":{parts.pop('port', None) or 5432}"
        parts.pop("host", None)
    query = f"?{urlencode(parts, quote_via=quote, safe='')}" if parts else ""
    return f"postgresql://{user}@{server}/{database}{query}"


def load(home: Path | str | None = None) -> Settings:
    """The settings of a home (default: CLV_HOME, else .clv in the working directory)."""
    path = Path(home or os.environ.get("CLV_HOME") or ".clv").resolve()
    state = _read(path / "state.json")
    if (path / "home_id").exists():  # not in the state: what runs is found by it even where the state is lost
        state["home_id"] = (path / "home_id").read_text().strip()
    return Settings(path, state, {**SHOP_DEFAULTS, **_shop(path / "shop.json")})


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ClvError(f"{path} is not JSON ({error}); mend it or remove it") from None


def _shop(path: Path) -> dict:
    shop = _read(path)
    if not isinstance(shop, dict):
        raise ClvError(f'{path} holds no settings; write it as in {{"gross_margin": 0.4}}')
    unknown = sorted(set(shop) - set(SHOP_DEFAULTS))
    if unknown:
        raise ClvError(f"{path} sets {', '.join(unknown)}; known settings are {', '.join(SHOP_DEFAULTS)}")
    for name, value in shop.items():
        holds, expected = SHOP_VALUES[name]
        if not holds(value):
            raise ClvError(f"{path}: {name} is {expected}, not {json.dumps(value)}")
    return shop


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def windows(horizons: Iterable[int]) -> list[int]:
    """The horizons, and their halves and thirds where these are long enough and not next to another: shorter windows
    close sooner, and tell of longer ones."""
    found = sorted(horizons)
    for days in sorted(horizons):
        for part in (round(days / 2), round(days / 3)):
            if part >= SHORTEST_WINDOW and all(abs(window - part) > NEXT_TO * part for window in found):
                found.append(part)
    return sorted(found)


def _horizons(value: object) -> bool:
    days = value if isinstance(value, list) and 1 <= len(value) <= 5 else [0]
    return all(_count(day) and 7 <= day <= LONGEST_HORIZON for day in days) and len(set(days)) == len(days)


# Whether a value of shop.json can be, and what it should be.
SHOP_VALUES = {
    "gross_margin": (
        lambda value: value is None or _number(value) and 0 <= value <= 1,
        "a number from 0 to 1, such as 0.4",
    ),
    "discount_rate": (lambda value: _number(value) and 0 <= value < 10, "a number from 0, such as 0.1 for 10% a year"),
    "horizons": (_horizons, f"one to five different numbers of days from 7 to {LONGEST_HORIZON}, such as [90, 365]"),
    "tune_minutes": (lambda value: _number(value) and 0 <= value <= 600, "a number of minutes from 0 to 600"),
    "tune_search": (lambda value: value in SEARCHES, f"one of {', '.join(SEARCHES)}"),
    "blend": (lambda value: value in BLENDS, f"one of {', '.join(BLENDS)}"),
    "minimum_days": (_count, "a whole number from 0"),
    "minimum_customers": (_count, "a whole number from 0"),
    "time_zone": (lambda value: isinstance(value, str), "a text such as Europe/London"),
    "unknown_consent": (lambda value: value in CONSENT_POLICIES, f"one of {', '.join(CONSENT_POLICIES)}"),
    "currency": (
        lambda value: value is None or isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None,
        "a code of three letters such as GBP",
    ),
    "retention_days": (
        lambda value: value is None or _count(value) and value >= 1,
        "a whole number of days from 1, such as 365",
    ),
}
