"""Definitions of experiments: $CLV_HOME/experiments/NAME.yml. docs/experiments.md has the reference."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from clv.core import yaml_files
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments.differences import ALPHA
from clv.decisions.experiments.metrics import METRICS, OUTCOMES

FOLDER = "experiments"
NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_TEXT = re.compile(r"'(?:[^']|'')*'")  # of SQL
_REFUSED = re.compile(r";|--|/\*|\$\$|\bselect\b", re.IGNORECASE)


def _condition(text: str) -> str:
    """The condition, if it is nothing but one. It is run as an analyst, who may only read what is published; this
    gives mistakes a message."""
    bare = _TEXT.sub("''", text)
    if found := _REFUSED.search(bare):
        raise ValueError(f"write one condition over the columns of customer_clv, without `{found[0]}`")
    depth = 0
    for letter in bare:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            break
    if depth or "'" in bare.replace("''", ""):
        raise ValueError("close every bracket and quote of the condition")
    return text.strip()


def _one_of(known: dict) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"is one of {', '.join(known)}; not '{name}'")
        return name

    return AfterValidator(check)


Outcome = Annotated[str, _one_of(OUTCOMES)]
Guard = Annotated[str, _one_of(METRICS)]
Channel = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1)]  # as lists fold it
ArmName = Annotated[str, Field(min_length=1, max_length=40)]


class Definition(BaseModel):
    """An experiment as its owner declares it.

    - population: a condition over the columns of customer_clv
    - arms: the percentage of the customers in each arm; control is the one that the others are compared with
    - effect_percent: the smallest change of the outcome's mean that is worth finding
    - contact: whether only customers are taken who may be contacted
    - channel: the channel of lists that leave the experiment's customers out while it runs; None for every channel if
      contact, else for none
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    population: Annotated[str, AfterValidator(_condition)] = "true"
    arms: dict[ArmName, Annotated[float, Field(gt=0, lt=100)]] = {"act": 50, "control": 50}
    control: str = "control"
    outcome: Outcome = "revenue"
    window_days: int = Field(60, ge=1, le=730)
    effect_percent: float = Field(10, gt=0, le=1000)
    guards: tuple[Guard, ...] = ()
    contact: bool = True
    channel: Channel | None = None

    @model_validator(mode="after")
    def _whole(self) -> Definition:
        if self.control not in self.arms:
            raise ValueError(f"`control` names one of the arms, {', '.join(self.arms)}; not '{self.control}'")
        if len(self.arms) < 2:
            raise ValueError("`arms` has two arms or more, as in arms: {mail: 50, control: 50}")
        if abs(sum(self.arms.values()) - 100) > 1e-6:
            raise ValueError(f"the shares of `arms` add up to {sum(self.arms.values()):g}; write percentages of 100")
        return self

    @property
    def treated(self) -> list[str]:
        """The arms that are compared with the control."""
        return [arm for arm in self.arms if arm != self.control]

    @property
    def alpha(self) -> float:
        """The false alarms of one comparison, so that all comparisons with the control together have ALPHA
        (Bonferroni)."""
        return ALPHA / len(self.treated)

    def shares(self, arm: str) -> tuple[float, float]:
        """The shares of all customers in an arm and in the control, 0 to 1."""
        return self.arms[arm] / 100, self.arms[self.control] / 100


def names(home: Settings) -> list[str]:
    """The names of the experiments that have a file."""
    return sorted(path.stem for path in (home.home / FOLDER).glob("*.yml"))


def path_of(name: str, home: Settings) -> Path:
    """The file of an experiment."""
    return home.home / FOLDER / f"{name}.yml"


def load(name: str, home: Settings) -> Definition:
    """Reads the definition of an experiment. Raises ClvError, with the file, the key and the remedy, if it is
    invalid."""
    if not NAME.fullmatch(name):
        raise ClvError(f"'{name}' cannot name an experiment; use small letters, digits and _, as in spring_mail")
    path = path_of(name, home)
    if not path.is_file():
        there = names(home)
        raise ClvError(
            f"there is no experiment '{name}': write {path} (docs/experiments.md)"
            + (f"; there are {', '.join(there)}" if there else "")
        )
    try:
        return Definition.model_validate(yaml_files.content(path, "outcome: revenue"))
    except ValidationError as error:
        raise ClvError(f"{path.name}: {yaml_files.first_mistake(error, (), 'outcome')}") from None


def require_channel(name: str, definition: Definition, channels: Collection[str]) -> None:
    """Raises ClvError if the experiment has a channel that is none of `channels`, those of the shop's lists."""
    if definition.channel and definition.channel not in channels:
        raise ClvError(
            f"{name}.yml: no list has the channel '{definition.channel}', so none would leave the experiment's "
            f"customers out; write one of {', '.join(channels)}, or leave `channel` away for all of them"
        )


def has_changed(name: str, started: Definition, home: Settings) -> bool:
    """Whether the file of an experiment says something else than when it was started. A file that was removed says
    nothing else."""
    try:
        return load(name, home) != started
    except ClvError:
        return path_of(name, home).is_file()
