"""Declarations of connectors: $CLV_HOME/sources/connectors/SOURCE.yml says where the rows of a source are, how they are
read in parts, and by which column new ones are found. docs/connectors.md has the reference."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from clv.core import yaml_files
from clv.core.errors import ClvError
from clv.core.settings import PROJECT, Settings
from clv.sources.fetching import cursors
from clv.sources.fetching.secrets import with_texts

FOLDER = Path("sources") / "connectors"
READY = PROJECT / FOLDER
KINDS, EXAMPLE = ("database", "dlt", "files", "http"), "from: database"


def _duration(value: object) -> object:
    if isinstance(value, str):
        try:
            return cursors.duration(value)
        except ValueError:
            raise ValueError("write a duration such as 90m, 12h or 30d, or a count") from None
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Names = Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class Part(BaseModel):
    """A part of a declaration. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cursor(Part):
    """The column by which new and changed rows are found. overlap: how far before the latest value is read again, since
    changes may become visible late: a duration, or a count for whole numbers. start: the value to begin with."""

    column: str
    overlap: Annotated[timedelta | int, BeforeValidator(_duration)] = timedelta(hours=1)
    start: Annotated[str | None, BeforeValidator(lambda value: None if value is None else cursors.as_text(value))] = (
        None
    )


class RequestCursor(Cursor):
    """The cursor of a service. parameter, until: the request's parameters for the earliest and latest value. value:
    the text of the parameter. style: see `cursors.written`. ascending: whether the service orders rows by the column.
    window: reads one such time span after the other, so that a long history is not one file."""

    parameter: str
    until: str | None = None
    value: str = "{cursor}"
    style: str = "iso"
    ascending: bool = False
    window: Duration | None = None

    @model_validator(mode="after")
    def _whole(self) -> RequestCursor:
        if self.window and not (self.until and self.start):
            raise ValueError("`window` needs `until`, the parameter for its end, and `start`")
        return self


class NoPages(Part):
    by: Literal["none"] = "none"


class LinkHeader(Part):
    by: Literal["link_header"]


class NextUrl(Part):
    by: Literal["next_url"]
    at: str


class Number(Part):
    by: Literal["number"]
    parameter: str = "page"
    first: int = 1
    size: int


class Offset(Part):
    by: Literal["offset"]
    parameter: str = "offset"
    size: int


class Token(Part):
    """at: where the answer has the token of the next page. more: where it says whether there is one."""

    by: Literal["token"]
    parameter: str
    at: str
    more: str | None = None


class LastRow(Part):
    """at: the column of the page's last row that the next request names."""

    by: Literal["last_row"]
    parameter: str
    at: str
    more: str | None = None


class ByCursor(Part):
    """Pages by the cursor column itself. number: the parameter that leads on where a whole page has one value. step:
    how far before the last row the next page begins."""

    by: Literal["cursor"]
    number: str
    first: int = 1
    size: int
    step: Annotated[timedelta | int, BeforeValidator(_duration)] = timedelta(seconds=1)


Pages = Annotated[
    NoPages | LinkHeader | NextUrl | Number | Offset | Token | LastRow | ByCursor, Field(discriminator="by")
]


class Base(Part):
    """key: the columns that identify what is delivered together, such as the id of an order. daily: whether each daily
    run fetches the source. rows_per_file: rows after which a file is complete, and the next one begins."""

    key: Names
    daily: bool = True
    rows_per_file: int = Field(50_000, ge=1)


class Database(Base):
    """A table or a query of an SQL database. Without a cursor, all rows are read and the changed ones delivered."""

    source: Literal["database"] = Field(alias="from")
    url: str
    table: str | None = None
    query: str | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _one(self) -> Database:
        if (self.table is None) == (self.query is None):
            raise ValueError("name either a `table` or a `query`")
        return self


class Endpoint(Part):
    """The address of a service, and how requests are made. pause: the fewest seconds between two of them. timeout: the
    most seconds without an answer."""

    url: str
    parameters: dict[str, str | int | float | bool] = {}
    headers: dict[str, str] = {}
    basic: str | None = None
    pause: float = Field(0, ge=0, le=60)
    timeout: float = Field(60, gt=0, le=600)


class Http(Endpoint, Base):
    """Objects that a service returns as JSON. rows: where an answer has their list; empty if it is the answer. A
    request with a `graphql` query passes the parameters as its variables."""

    source: Literal["http"] = Field(alias="from")
    rows: str = ""
    graphql: str | None = None
    pages: Pages = NoPages()
    cursor: RequestCursor | None = None

    @model_validator(mode="after")
    def _whole(self) -> Http:
        if isinstance(self.pages, ByCursor) and not self.cursor:
            raise ValueError("pages by cursor need a `cursor`")
        return self


class Dlt(Base):
    """A resource of dlt. function: `module:function`, which returns a source or resources. arguments: of the function;
    `{cursor}` in them is the value from which rows are wanted."""

    source: Literal["dlt"] = Field(alias="from")
    function: str
    resource: str
    arguments: dict[str, Any] = {}
    cursor: Cursor | None = None


class Files(Part):
    """Files in an object store or on a server. url: a folder, or a pattern with `*`. options: arguments of fsspec."""

    source: Literal["files"] = Field(alias="from")
    url: str
    options: dict[str, Any] = {}
    daily: bool = True


Declaration = Database | Http | Dlt | Files
_CHECKED: TypeAdapter[Declaration] = TypeAdapter(Annotated[Declaration, Field(discriminator="source")])


def declared(home: Settings) -> list[str]:
    """Returns the sources that have a declaration, in the order of their names."""
    return sorted(path.stem for path in (home.home / FOLDER).glob("*.yml"))


def daily(home: Settings) -> list[str]:
    """Returns the declared sources that each daily run fetches, and those with an invalid declaration: fetching them
    says what is wrong, after the others were fetched."""

    def is_daily(source: str) -> bool:
        try:
            return load(source, home).daily
        except ClvError:
            return True

    return [source for source in declared(home) if is_daily(source)]


def load(source: str, home: Settings) -> Declaration:
    """Returns the declaration of a source. Raises ClvError, with the file, the key and the remedy, if it is invalid."""
    path = home.home / FOLDER / f"{source}.yml"
    if not path.is_file():
        names = declared(home)
        others = f"; declared are {', '.join(names)}" if names else ""
        raise ClvError(f"there is no connector '{source}': write {path} (docs/connectors.md){others}")
    content = yaml_files.content(path, EXAMPLE)
    if "ready" in content:
        content = _completed(content, path)
    try:
        return _CHECKED.validate_python(content)
    except ValidationError as error:
        raise ClvError(f"{path.name}: {yaml_files.first_mistake(error, KINDS, 'from')}") from None


def _completed(content: dict, path: Path) -> dict:
    """Returns a ready declaration with the shop's values and with the keys that the shop changes."""
    known = {one.stem: one for one in sorted(READY.glob("*.yml"))}
    if not isinstance(name := content["ready"], str) or name not in known:
        raise ClvError(f"{path.name}: 'ready' is one of {', '.join(known)}; not {name!r}")
    ready = yaml_files.content(known[name], EXAMPLE)
    described, given = ready.pop("values", {}), content.get("values") or {}
    if not isinstance(given, dict):
        raise ClvError(f"{path.name}: write `values` with their names, as in values: {{shop: my-shop}}")
    if missing := [f"{value} ({means})" for value, means in described.items() if given.get(value) is None]:
        raise ClvError(f"{path.name}: write under `values` {' and '.join(missing)}")
    changed = {key: value for key, value in content.items() if key not in ("ready", "values")}
    values = {key: str(value).removeprefix("https://").rstrip("/") for key, value in given.items()}

    def with_values(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    return _merged(with_texts(ready, with_values), changed)


def _merged(ready: dict, changed: dict) -> dict:
    both = {key: _merged(ready[key], value) for key, value in changed.items()
            if isinstance(value, dict) and isinstance(ready.get(key), dict)}  # fmt: skip
    return {**ready, **changed, **both}
