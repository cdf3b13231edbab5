"""Declares every setting once: its name, description, allowed values and default.

`Environment` and `Spark` are environment variables. `Shop` is the file $CLV_HOME/shop.json. No other code reads a
setting from the environment.

To add a setting, add a field here. Its error message follows from the field, and scripts/settings_docs.py writes its
row in docs/operating.md and its entry in docs/shop.schema.json.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from clv.core.allowed import AS_WRITTEN, COUNT, FOLDERS, MONEY, Allowed, days_from, different, one_of, zone
from clv.core.declared import CONTESTANTS, HORIZONS
from clv.core.errors import ClvError

LONGEST_HORIZON = 1095
Blend = Literal["weighted", "voting", "stacking"]  # ways to find the weights of the blended forecasts
Search = Literal["bayes", "random", "grid"]
ConsentPolicy = Literal["exclude", "include"]
Device = Literal["cpu", "cuda"]
Included = Literal["shipping", "tax", "tip"]  # of what a mapping takes off the stated amount
IdentityRule = Literal["email", "phone", "merges", "device"]  # by which several ids are one person
Contestants = list[str] | Literal["auto"]
BLENDS: tuple[Blend, ...] = get_args(Blend)
AUTO = "auto"  # as `contestants`: all forecasters whose fits `auto_minutes` allow


class Environment(BaseSettings):
    """Environment variables that every command reads: where the home, its databases and the shop's own steps are."""

    model_config = SettingsConfigDict(frozen=True, case_sensitive=True, env_ignore_empty=True, extra="ignore")

    home: Annotated[Path, Allowed("a folder")] = Field(
        Path(".clv"), alias="CLV_HOME", description="where everything is kept", examples=["/srv/my-shop"]
    )
    # clv.core.settings parses the address. It accepts every form that PostgreSQL accepts, and its errors do not repeat
    # the password.
    warehouse_url: Annotated[str | None, Allowed("the address of a database")] = Field(
        None, alias="CLV_WAREHOUSE_URL", examples=["postgresql://user:password@host:port/database"],
        description="an existing PostgreSQL (15 or newer) instead of the embedded one; holds a password, so it can "
        "be kept in a file for containers, which CLV_WAREHOUSE_URL_FILE names",
        json_schema_extra={"secret": True},
    )  # fmt: skip
    mlflow_url: Annotated[str | None, Allowed("an address that MLflow takes")] = Field(
        None, alias="MLFLOW_TRACKING_URI", examples=["http://127.0.0.1:5000"],
        description="an MLflow registry other than the database beside the warehouse; in containers "
        "MLFLOW_TRACKING_URI_FILE may name a file with it",
        json_schema_extra={"secret": True},
    )  # fmt: skip
    steps: Annotated[str | None, FOLDERS] = Field(
        None, alias="CLV_STEPS", examples=["/srv/my-shop/steps"],
        description="folders with steps of your own (docs/how-to/add-a-step.md)",
    )  # fmt: skip


class Spark(BaseSettings):
    """Environment variables for Spark, and for the jobs that use it or this machine's cores in its place. They are read
    only by these jobs, by the choice of a model and by `clv up`, so that a mistake in them stops nothing else."""

    model_config = Environment.model_config

    master: Annotated[str, Allowed("an address that Spark takes")] = Field(
        "local[*]", alias="SPARK_MASTER", examples=["spark://host:7077"],
        description="the address of a Spark cluster, instead of this machine's cores; local[2] uses two of them, also "
        "for training and scoring without Spark",
    )  # fmt: skip
    driver_memory: Annotated[
        str, Field(pattern=r"^[1-9]\d*([kmgtKMGT][bB]?)?$"), Allowed("an amount of memory")
    ] = Field(
        "1g", alias="SPARK_DRIVER_MEMORY", examples=["2g"],
        description="memory of Spark's driver; in k, m, g or t, else in mebibytes",
    )  # fmt: skip
    from_customers: Annotated[Annotated[int, Field(ge=0)] | None, COUNT] = Field(
        None, alias="SPARK_FROM_CUSTOMERS", examples=[200000],
        description="customers from which scoring runs on Spark; not set: 50000 on a cluster, never on this machine",
    )  # fmt: skip
    forecasters: Annotated[str | None, FOLDERS] = Field(
        None, alias="CLV_FORECASTERS", examples=["/srv/my-shop/forecasters"],
        description="folders with forecasters of your own (docs/how-to/add-a-forecaster.md)",
    )  # fmt: skip
    training_device: Annotated[Device, one_of(Device)] = Field(
        "cpu", alias="CLV_TRAINING_DEVICE", examples=["cuda"],
        description="where XGBoost trains the forecast's learners: on the processor or on a GPU (docs/operating.md)",
    )  # fmt: skip
    java_home: Annotated[str | None, Allowed("the folder of a Java")] = Field(
        None, alias="JAVA_HOME", examples=["/usr/lib/jvm/java-17-openjdk-amd64"],
        description="the Java that Spark runs on, instead of the PATH's",
    )  # fmt: skip


class Shop(BaseModel):
    """The shop's settings, which its owner writes into $CLV_HOME/shop.json."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", title="shop.json")

    gross_margin: Annotated[
        Annotated[float, Field(ge=0, le=1), AS_WRITTEN] | None, Allowed("a number from 0 to 1, such as 0.4")
    ] = Field(
        None, examples=[0.4],
        description="profit per unit of revenue where a source has no cost; if it is not set, no cost of goods "
        "is known there, and runs, the report and profit_basis say so",
    )  # fmt: skip
    revenue_includes: Annotated[
        list[Included], AfterValidator(different), Allowed("a list of different ones of shipping, tax, tip")
    ] = Field([], examples=[["shipping"]], description="what mappings do not take off revenue (docs/money.md)")
    payment_fee_rate: Annotated[
        float, Field(ge=0, le=1), AS_WRITTEN, Allowed("a number from 0 to 1, such as 0.029 for 2.9%")
    ] = Field(
        0, examples=[0.029],
        description="the payment provider's share of what a customer pays, which lowers profit (docs/money.md)",
    )  # fmt: skip
    payment_fee_fixed: Annotated[float, Field(ge=0, le=1_000_000), AS_WRITTEN, MONEY] = Field(
        0, examples=[0.3], description="the payment provider's fee for each paid order, in the warehouse's currency"
    )
    shipping_cost: Annotated[float, Field(ge=0, le=1_000_000), AS_WRITTEN, MONEY] = Field(
        0, examples=[4.9], description="what the shop pays for shipping each order, in the warehouse's currency"
    )
    return_cost: Annotated[float, Field(ge=0, le=1_000_000), AS_WRITTEN, MONEY] = Field(
        0, examples=[3.5], description="what the shop pays for each order with a refund, in the warehouse's currency"
    )
    discount_rate: Annotated[
        float, Field(ge=0, lt=10), AS_WRITTEN, Allowed("a number from 0 to under 10, such as 0.1 for 10% a year")
    ] = Field(0.10, description="yearly rate at which later profit is discounted", examples=[0.1])
    horizons: Annotated[
        list[Annotated[int, Field(ge=7, le=LONGEST_HORIZON)]],
        Field(min_length=1, max_length=5),
        AfterValidator(different),
        Allowed(f"one to five different numbers of days from 7 to {LONGEST_HORIZON}, such as [90, 365]"),
    ] = Field(
        list(HORIZONS), description="horizons of forecasts in days; the longest is the main one", examples=[[90, 365]]
    )
    blend: Annotated[Blend, one_of(Blend)] = Field(
        "weighted", examples=["stacking"],
        description="how the weights of the blended forecasts are found (docs/forecast.md)",
    )  # fmt: skip
    contestants: Annotated[
        Annotated[list[str], Field(min_length=1), AfterValidator(different)] | Literal["auto"],
        Allowed('"auto", or one or more different forecasters, such as ["perennial", "trailing_year"]'),
    ] = Field(
        list(CONTESTANTS),
        description="forecasters that may be published; the first one is, unless another does better; auto: all of "
        "them, the blend first and the cheapest next",
        examples=[["perennial", "trailing_year"]],
    )
    auto_minutes: Annotated[
        float, Field(ge=0, le=600), AS_WRITTEN, Allowed("a number of minutes from 0 to 600")
    ] = Field(
        30, examples=[60],
        description="minutes of fits, by their declared costs, that a training spends on the contestants of auto",
    )  # fmt: skip
    tune_minutes: Annotated[
        float, Field(ge=0, le=600), AS_WRITTEN, Allowed("a number of minutes from 0 to 600")
    ] = Field(
        0, examples=[20], description="minutes that a training may search for the learners' parameters; 0: no search"
    )  # fmt: skip
    tune_search: Annotated[Search, one_of(Search)] = Field("bayes", description="how it searches", examples=["random"])
    minimum_days: Annotated[int, Field(ge=0), COUNT] = Field(
        180, description="days of orders before a forecast is made", examples=[180]
    )
    minimum_customers: Annotated[int, Field(ge=0), COUNT] = Field(
        500, description="customers before a forecast is made", examples=[500]
    )
    time_zone: Annotated[str, AfterValidator(zone), Allowed('a text such as "Europe/London"')] = Field(
        "UTC", examples=["Europe/London"],
        description="time zone of order dates; times with a known offset or zone are converted to it",
    )  # fmt: skip
    unknown_consent: Annotated[ConsentPolicy, one_of(ConsentPolicy)] = Field(
        "exclude", examples=["include"],
        description="whether lists for contact include customers who were never asked; those who refused are never "
        "on them",
    )  # fmt: skip
    currency: Annotated[
        Annotated[str, Field(pattern="^[A-Z]{3}$")] | None, Allowed("a code of three letters such as GBP")
    ] = Field(None, description="the warehouse's currency; not set: that of the first file", examples=["GBP"])
    marketers_find_by_email: Annotated[bool, Allowed("true or false")] = Field(
        False, description="whether marketers, as admins, may find customers by e-mail address", examples=[True]
    )
    retention_days: Annotated[Annotated[int, Field(ge=1)] | None, days_from(1, 365)] = Field(
        None, examples=[365],
        description="days after which upkeep deletes addresses, names and kept files; not set: never",
    )  # fmt: skip
    daily_history_days: Annotated[Annotated[int, Field(ge=31)] | None, days_from(31, 90)] = Field(
        None, description="days before the newest published date in which upkeep keeps every published date; of each "
        "month before them, it keeps the last one; not set: it keeps every published date",
        examples=[90],
    )  # fmt: skip
    identities: Annotated[
        list[IdentityRule], AfterValidator(different),
        Allowed('a list of different rules of email, phone, merges, device, such as ["email", "merges"]'),
    ] = Field(
        [], examples=[["email", "merges"]],
        description="rules by which several customer ids are one person (docs/identities.md); not set: none are",
    )  # fmt: skip
    calling_code: Annotated[
        Annotated[str, Field(pattern=r"^[1-9]\d{0,2}$")] | None, Allowed('a calling code such as "44"')
    ] = Field(None, examples=["44"], description="that of telephone numbers written without one, for the rule phone")

    def changed(self, **values: object) -> Shop:
        """A copy of the settings with these values replaced. Raises pydantic's ValidationError for a value that is not
        allowed."""
        return Shop.model_validate({**self.model_dump(), **values})


OF_ENVIRONMENT = (Environment, Spark)
Section = TypeVar("Section", bound=BaseSettings)


def from_environment(section: type[Section]) -> Section:
    """Reads one section of settings from the environment.

    Raises ClvError for a value that is not allowed. The error names the variable, the allowed values, and a command
    that sets one.
    """
    try:
        return section()
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        remedy = f"export {name}={shlex.quote(str(_field(section, name).examples[0]))}"
        raise ClvError(f"{name} is {words(section, name)}, not {json.dumps(os.environ[name])}; {remedy}") from None


def from_file(path: Path) -> Shop:
    """Reads the settings in a home's shop.json; a setting that it does not have gets its default.

    Raises ClvError for a value that is not allowed. The error names the file, the setting, the allowed values, and an
    example.
    """
    values = json_file(path)
    if not isinstance(values, dict):
        raise ClvError(f'{path} holds no settings; write it as in {{"gross_margin": 0.4}}')
    values = {name: value for name, value in values.items() if name != "$schema"}  # only editors use it
    known = Shop.model_fields
    if unknown := sorted(set(values) - set(known)):
        raise ClvError(f"{path} sets {', '.join(unknown)}; known settings are {', '.join(known)}")
    try:
        return Shop.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        wrong = f"{name} is {words(Shop, name)}, not {json.dumps(values[name])}"
        example = _field(Shop, name).examples[0]
        if near := first.get("ctx", {}).get("near"):
            wrong, example = f"there is no {name} {json.dumps(values[name])}", near
        raise ClvError(f"{path}: {wrong}; write it as in {json.dumps({name: example})}") from None


def json_file(path: Path) -> dict:
    """Reads a JSON file; {} if the file does not exist. Raises ClvError, which names the file, if it cannot be read."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ClvError(f"{path} cannot be read ({error.strerror}); make it a file that you may read") from None
    except ValueError as error:
        raise ClvError(f"{path} is not JSON ({error}); correct it or remove it") from None


def variables(secret: bool = False) -> list[str]:
    """The names of the environment variables that are settings; with `secret`, only of those that may hold a
    password."""
    return [str(field.alias) for field in _variables() if field.json_schema_extra or not secret]


def _variables() -> list[FieldInfo]:
    return [field for section in OF_ENVIRONMENT for field in section.model_fields.values()]


def set_variables() -> dict[str, str]:
    """The settings that are set in the environment, to pass them to other processes.

    Paths of folders are made absolute, since those processes may run in another working directory.
    """
    found = {name: os.environ[name] for name in variables() if os.environ.get(name)}
    lists = {str(field.alias) for field in _variables() if FOLDERS in field.metadata}
    return {name: _whole(value) if name in lists else value for name, value in found.items()}


def _whole(folders: str) -> str:
    return os.pathsep.join(str(Path(folder).absolute()) for folder in folders.split(os.pathsep) if folder)


def words(section: type[BaseModel], name: str) -> str:
    """The allowed values of a setting, in words."""
    return next(part.words for part in _field(section, name).metadata if isinstance(part, Allowed))


def _field(section: type[BaseModel], name: str) -> Any:
    fields = section.model_fields
    return fields.get(name) or next(field for field in fields.values() if field.alias == name)
