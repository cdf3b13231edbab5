"""Declarations of destinations: $CLV_HOME/destinations/NAME.yml says where lists go, and with which columns.
docs/acting.md has the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, field_validator, model_validator

from clv.core import yaml_files
from clv.core.allowed import different
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching.declaration import Endpoint, Part
from clv.sources.fetching.service import LOOPBACK

FOLDER = Path("destinations")
KINDS, EXAMPLE = ("file", "http", "table"), "to: file"
WHOLE_LIST = 10_000_000  # rows; a file and a table take a list at once

Column = Literal[
    "customer_id", "email", "email_sha256", "list_name", "as_of_date", "channel", "place", "action", "reason",
    "value_at_stake", "value_at_stake_p10", "value_at_stake_p90",
]  # fmt: skip


class Cap(Part):
    """How often a customer may be contacted: at most `contacts` lists and arms of a channel in `days` days."""

    contacts: int = Field(ge=1)
    days: int = Field(ge=1, le=1000)


class Destination(Part):
    """What all destinations have. columns: what goes out of each customer. lists: those that each daily run exports.
    cap: of contacts, over all lists and destinations of a list's channel."""

    columns: Annotated[list[Column], Field(min_length=1), AfterValidator(different)] = [
        "customer_id", "list_name", "as_of_date", "action", "reason",
    ]  # fmt: skip
    lists: Annotated[list[str], AfterValidator(different)] = []
    cap: Cap | None = None

    @model_validator(mode="after")
    def _capped(self) -> Self:
        if self.lists and not self.cap:
            raise ValueError(
                "'lists' goes out every day, so whoever stays on a list would be contacted every day; add `cap`, such "
                "as `cap: {contacts: 1, days: 30}`"
            )
        return self

    @property
    def batch_rows(self) -> int:
        """The most customers that go out at once."""
        return WHOLE_LIST

    @property
    def needs_email(self) -> bool:
        """Whether only customers with an e-mail address go out."""
        return not {"email", "email_sha256"}.isdisjoint(self.columns)


class File(Destination):
    """CSV files in $CLV_HOME/exports/NAME."""

    kind: Literal["file"] = Field(alias="to")


class Table(Destination):
    """A table in another database. It is created if it does not exist. A dot in its name follows the schema."""

    kind: Literal["table"] = Field(alias="to")
    url: str
    table: str


class Http(Endpoint, Destination):
    """A service that receives JSON. batch: the most customers in one request."""

    kind: Literal["http"] = Field(alias="to")
    batch: int = Field(500, ge=1, le=100_000)

    @field_validator("url")
    @classmethod
    def _private(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("begins with http://, so anybody on the way could read the customers; write https://")
        return url

    @property
    def batch_rows(self) -> int:
        return self.batch


Declaration = File | Table | Http
_CHECKED: TypeAdapter[Declaration] = TypeAdapter(Annotated[Declaration, Field(discriminator="kind")])


def declared(home: Settings) -> list[str]:
    """Returns the names of the declared destinations, in their order."""
    return sorted(path.stem for path in (home.home / FOLDER).glob("*.yml"))


def load(destination: str, home: Settings) -> Declaration:
    """Returns the declaration of a destination. Raises ClvError, with the file, the key and the remedy, if there is
    none, or if it is invalid."""
    path, names = home.home / FOLDER / f"{destination}.yml", declared(home)
    if destination not in names:
        others = f"; declared are {', '.join(names)}" if names else ""
        raise ClvError(f"there is no destination '{destination}': write {path} (docs/acting.md){others}")
    try:
        return _CHECKED.validate_python(yaml_files.content(path, EXAMPLE))
    except ValidationError as error:
        raise ClvError(f"{path.name}: {yaml_files.first_mistake(error, KINDS, 'to')}") from None
