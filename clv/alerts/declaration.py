"""Reads $CLV_HOME/alerts.yml: who hears of which events, and by which channel. docs/alerts.md has the reference."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from clv.core import yaml_files
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.fetching.declaration import Duration, Names, Part
from clv.sources.fetching.secrets import NAMED

Kind = Literal[
    "run_failed",
    "gate_failed",
    "gate_warning",
    "no_run_by",
    "data_older_than",
    "forecast_missed",
    "retrained",
    "export_failed",
    "disk_nearly_full",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
ALL = "all"


def _kinds(value: object) -> object:
    if value == ALL:
        return list(KINDS)
    return [value] if isinstance(value, str) else value


def _hour(value: object) -> object:
    # YAML reads 10:30 without quotes as minutes, but 07:30 as a text.
    if isinstance(value, int) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise ValueError("write an hour of the day such as 07:30") from None


def _secret(value: object) -> object:
    if not (isinstance(value, str) and NAMED.fullmatch(value)):
        raise ValueError("write {secret:NAME}, and the secret into the file NAME of secrets/alerts in the home")
    return value


def _http(value: object) -> object:
    if not (isinstance(value, str) and value.startswith(("http://", "https://", "{secret:"))):
        raise ValueError("write a whole address that begins with https://, or {secret:NAME} for one that is secret")
    return value


Secret = Annotated[str, BeforeValidator(_secret)]
Url = Annotated[str, BeforeValidator(_http)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]


class Heard(Part):
    """A channel, and the kinds of events that it hears of."""

    hears: Annotated[list[Kind], BeforeValidator(_kinds), Field(min_length=1)]


class Email(Heard):
    """Mail through an SMTP server. security: how the connection is encrypted."""

    to: Literal["email"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    sender: str
    recipients: Names

    @model_validator(mode="after")
    def _whole(self) -> Email:
        if (self.user is None) != (self.password is None):
            raise ValueError("write both `user` and `password`, or neither")
        if self.user and self.security == "none":
            raise ValueError(
                "without encryption anybody on the way could read the password; write `security: starttls`"
            )
        return self


class Webhook(Heard):
    """A request to a service. body: how the message is written for it."""

    to: Literal["webhook"]
    url: Url
    body: Literal["json", "slack", "teams"] = "json"
    headers: dict[str, str] = {}


class Command(Heard):
    """A program of this machine and its arguments, which reads the message from its standard input as JSON."""

    to: Literal["command"]
    argv: Names


Channel = Annotated[Email | Webhook | Command, Field(discriminator="to")]


class Alerts(Part):
    """The content of alerts.yml. name: what messages call the shop. address: that of Airflow's pages, as readers of
    messages reach it. no_run_by: in the shop's time zone. disk_nearly_full: percent of the home's disk in use."""

    name: str | None = None
    address: Url | None = None
    no_run_by: Annotated[time, BeforeValidator(_hour)] | None = None
    data_older_than: Duration | None = None
    disk_nearly_full: Annotated[int, Field(ge=1, le=99)] = 90
    channels: Annotated[dict[Name, Channel], Field(min_length=1)]

    @property
    def heard(self) -> list[Kind]:
        """The kinds of events that some channel hears of."""
        return [kind for kind in KINDS if any(kind in channel.hears for channel in self.channels.values())]


def load(home: Settings) -> Alerts | None:
    """Returns who hears of what; None without a file. With `hears: all`, kinds whose limit is not set are left out.

    Raises ClvError, with the key and the remedy, if the file is invalid.
    """
    path = home.alerts_file
    if not path.is_file():
        return None
    content = yaml_files.content(path, "channels: {team: {to: webhook, url: …, hears: all}}")
    try:
        found = Alerts.model_validate(content)
    except ValidationError as error:
        raise ClvError(f"{path}: {_first(error)}") from None
    for name, channel in found.channels.items():
        for kind, example in (("no_run_by", "07:30"), ("data_older_than", "36h")):
            if kind in channel.hears and getattr(found, kind) is None:
                if content["channels"][name]["hears"] != ALL:
                    raise ClvError(f"{path}: '{name}' hears {kind}; write the limit, as in `{kind}: {example}`")
                channel.hears.remove(kind)
    return found


def _first(error: ValidationError) -> str:
    kinds = {"email", "webhook", "command"}
    found = error.errors()[0]
    place = ".".join(str(part) for part in found["loc"] if part not in kinds and not isinstance(part, int))
    if found["type"] == "literal_error" and "hears" in found["loc"]:
        return f"'{place}': events are {', '.join(KINDS)}, or all of them: {ALL}"
    if found["type"].startswith("union_tag"):
        return f"'{place}': `to` is one of {', '.join(sorted(kinds))}"
    if found["loc"][-1] == "[key]":
        return "the name of a channel has small letters, digits, _ and -, such as team"
    return yaml_files.first_mistake(error, kinds, "to")
