"""Chooses the model that a run uses. The choice depends on the date and the data alone, so that runs in any order give
the same rows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from clv.catalog import tables
from clv.core import dates, options
from clv.core import settings as settings_module
from clv.core.declared import CONTESTANTS, CUSTOMERS_PER_ORIGIN
from clv.core.options import AUTO, BLENDS, Contestants
from clv.core.settings import Settings
from clv.warehouse import db, registry
from clv.warehouse.roles import MODELLER

# Raise it when features, training or the forecasters change, so that older models are not reused.
FORECAST_VERSION = 10
DAYS_BETWEEN_ORIGINS = 30
HISTORY_DAYS = 90  # days of orders required before an origin
TWO_YEARS = 730  # days of orders from which on training uses more origins, since customers may be seasonal
ORIGINS_IF_TWO_YEARS = {False: 8, True: 12}  # number of origins per window
_BOOSTING = {
    "learning_rate": 0.04,
    "reg_lambda": 10.0,
    "tree_method": "hist",
    "max_bin": 64,
    "random_state": 0,
}
Parameters = dict[str, dict[str, Any]]  # XGBoost's parameters by learner
LEARNERS: Parameters = {
    "total": {
        **_BOOSTING, "objective": "reg:tweedie", "tweedie_variance_power": 1.25,
        "n_estimators": 120, "max_depth": 3, "min_child_weight": 80.0,
    },
    "buy": {
        **_BOOSTING, "objective": "binary:logistic",
        "n_estimators": 150, "max_depth": 4, "min_child_weight": 10.0,
    },
    "spend": {**_BOOSTING, "objective": "reg:gamma", "n_estimators": 100, "max_depth": 3, "min_child_weight": 20.0},
}  # fmt: skip
# Customers with three orders that a forecast requires: fewer do not show how often customers return.
FREQUENT_CUSTOMERS = 10


@dataclass(frozen=True)
class Choice:
    """The model for a run, or the reason why there is none.

    - status_reason: the requirement for a forecast that the shop does not meet; None if it meets all
    - exists: whether the model and its reference predictions exist; if not, and status_reason is None, training has to
      make them
    - origins: the origins of the training
    """

    training_date: date | None = None
    data_digest: str | None = None
    model_version: str | None = None
    exists: bool = False
    status_reason: str | None = None
    origins: list[date] = field(default_factory=list)


def for_run(as_of: date, force: bool = False, settings: Settings | None = None, of_the_week: bool = False) -> Choice:
    """Chooses the model for a date.

    It is the model trained for the first of the month or, if the shop did not meet the requirements by then, the model
    trained for the date itself. A model that was retrained by force later in the month takes precedence, as long as its
    training data are unchanged.

    force: retrain for the date itself. of_the_week: use the model trained for the latest whole week after that training
    date.
    """
    settings = settings or settings_module.load()
    monthly = dates.training_date(as_of)
    # Orders only accumulate, so what is met on the first of the month is met at the date too.
    unmet = unmet_requirement(monthly, settings)
    if unmet and (reason := unmet_requirement(as_of, settings)):
        return Choice(status_reason=reason)
    if force:
        return _choice(as_of, settings, reuse=False)
    forced = registry.newest_forced(monthly, as_of, settings)
    if forced and forced.data_digest == data_digest(forced.training_date, settings):
        training_date = forced.training_date
    else:
        training_date = as_of if unmet else monthly
    return _choice(dates.latest_week(training_date, as_of) if of_the_week else training_date, settings)


def unmet_requirement(day: date, settings: Settings) -> str | None:
    """The requirement for a forecast that the orders before a date do not meet, in words; None if they meet all."""
    first, customers, frequent = db.rows(
        f"""
        with customers as (
            select customer_key, min(day) as first_order_on, sum(orders) as orders
            from {tables.INT_CUSTOMER_DAYS} where day < %s and orders > 0 group by customer_key
        )
        select min(first_order_on), count(*), count(*) filter (where orders >= 3) from customers
        """,  # type: ignore[arg-type]  # noqa: S608 - our own names
        (day,),
        settings.url_as(MODELLER),
    )[0]
    days = (day - first).days if first else 0
    shop = settings.shop
    if days < shop.minimum_days:
        return f"{days} days of orders before {day}; a forecast needs {shop.minimum_days}"
    if customers < shop.minimum_customers:
        return f"{customers} customers before {day}; a forecast needs {shop.minimum_customers}"
    if frequent < FREQUENT_CUSTOMERS:
        return f"{frequent} customers with three orders before {day}; a forecast needs {FREQUENT_CUSTOMERS}"
    return None


def origins(training_date: date, first_order_on: date, horizons: Iterable[int]) -> list[date]:
    """The origins for training: past dates with at least one window closed by the training date, oldest first.

    For each horizon: the latest origin whose window is closed, and earlier origins in steps of 30 days. For windows
    shorter than the horizons: the latest origin whose shortest window is closed, and enough earlier origins in the same
    steps to reach the longer of these windows. An origin needs 90 days of orders before it.
    """
    horizons = list(horizons)
    per_window = ORIGINS_IF_TWO_YEARS[(training_date - first_order_on).days >= TWO_YEARS]
    shorter = sorted(set(settings_module.windows(horizons)) - set(horizons)) or [min(horizons)]
    steps_of_shorter = per_window + -(-(shorter[-1] - shorter[0]) // DAYS_BETWEEN_ORIGINS)
    found = {
        training_date - timedelta(days=days + step * DAYS_BETWEEN_ORIGINS)
        for days, steps in [*((h, per_window) for h in horizons), (shorter[0], steps_of_shorter)]
        for step in range(steps)
    }
    return sorted(day for day in found if (day - first_order_on).days >= HISTORY_DAYS)


def data_digest(training_date: date, settings: Settings | None = None) -> str:
    """SHA-256 of what training reads (every customer's days before the date) and of the model's configuration.

    Later orders do not change the digest, because they never change the row of an earlier day.
    """
    settings = settings or settings_module.load()
    sql = f"""
        select count(*), coalesce(sum(hashtextextended(hash_record_extended(days, 0)::text, 0)), 0)
        from {tables.INT_CUSTOMER_DAYS} as days where day < %s
    """  # noqa: S608 - our own names
    count, total = db.rows(sql, (training_date,), settings.url_as(MODELLER))[0]  # type: ignore[arg-type]
    configuration = [
        FORECAST_VERSION,
        settings.horizons,
        ORIGINS_IF_TWO_YEARS,
        DAYS_BETWEEN_ORIGINS,
        HISTORY_DAYS,
        CUSTOMERS_PER_ORIGIN,
        learners(),
    ]
    if settings.shop.tune_minutes:
        configuration += [settings.shop.tune_minutes, settings.shop.tune_search]
    if settings.blend != BLENDS[0]:
        configuration.append(settings.blend)
    if settings.contestants != list(CONTESTANTS):
        configuration.append(settings.contestants)
    if settings.contestants == AUTO:
        configuration.append(settings.shop.auto_minutes)
    if code := own_forecasters(settings.contestants):
        configuration.append(code)
    return hashlib.sha256(repr((int(count), int(total), configuration)).encode()).hexdigest()


def learners() -> Parameters:
    """XGBoost's parameters by learner, with the device to train on if it is not the processor: a GPU adds numbers in
    another order, so its model is another one."""
    device = options.from_environment(options.Spark).training_device
    return LEARNERS if device == "cpu" else {name: {**own, "device": device} for name, own in LEARNERS.items()}


def own_forecasters(contestants: Contestants) -> dict[str, str]:
    """SHA-256 of the file of each contestant in the folders that CLV_FORECASTERS names, by the contestant's name."""
    folders = filter(None, (options.from_environment(options.Spark).forecasters or "").split(os.pathsep))
    names = ["[!_]*"] if contestants == AUTO else contestants
    files = [file for folder in folders for name in names for file in sorted(Path(folder).glob(f"{name}.py"))]
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def training_origins(training_date: date, settings: Settings | None = None) -> list[date]:
    """The origins for training at a date, computed from the shop's first order."""
    settings = settings or settings_module.load()
    sql = f"select min(day) from {tables.INT_CUSTOMER_DAYS} where orders > 0"  # noqa: S608 - our own names
    first = db.rows(sql, None, settings.url_as(MODELLER))[0][0]  # type: ignore[arg-type]
    return origins(training_date, first, settings.horizons) if first else []


def has_references(model_version: str, settings: Settings) -> bool:
    """Whether the warehouse has the model's reference predictions, discounted at the shop's present rate. They are
    written all at once, so it is enough to find one."""
    query = f"""
        select exists (select from {tables.REFERENCE_PREDICTIONS} where model_version = %s and discount_rate = %s)
    """  # noqa: S608 - our own names
    values = (model_version, float(settings.shop.discount_rate))
    return db.rows(query, values, settings.url_as(MODELLER))[0][0]


def record_decisions(
    model_version: str, training_date: date, decisions: list[dict], backtest: list[dict], settings: Settings
) -> None:
    """Stores the metrics of a model and its baselines, which of them is published, and the details of its backtest.
    Replaces earlier records of the model."""
    with db.connect(settings.url_as(MODELLER)) as connection:
        for table, rows in ((tables.MODEL_DECISIONS, decisions), (tables.MODEL_BACKTEST, backtest)):
            connection.execute(f"delete from {table} where model_version = %s", (model_version,))  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
            for row in rows:
                values = {"model_version": model_version, "training_date": training_date, **row}
                connection.execute(
                    f"insert into {table} ({', '.join(values)}) "  # type: ignore[arg-type]  # noqa: S608 - our own SQL; values are bound or quoted
                    f"values ({', '.join(f'%({name})s' for name in values)})",
                    values,
                )


def published(settings: Settings) -> dict[str, dict[int, str]]:
    """The published forecaster by model version and horizon in days: the model itself, or a baseline that beat it."""
    query = f"""
        select model_version, horizon_days, contestant from {tables.MODEL_DECISIONS} where published
        order by model_version, horizon_days
    """  # noqa: S608 - our own names
    found: dict[str, dict[int, str]] = {}
    for model_version, horizon, contestant in db.rows(query, url=settings.url_as(MODELLER)):
        found.setdefault(model_version, {})[horizon] = contestant
    return found


def _choice(training_date: date, settings: Settings, reuse: bool = True) -> Choice:
    digest = data_digest(training_date, settings)
    found = registry.find(training_date, digest, settings) if reuse else None
    name = registry.version_name(training_date, digest)
    return Choice(
        training_date,
        digest,
        name,
        exists=found is not None and has_references(name, settings),
        origins=training_origins(training_date, settings),
    )
