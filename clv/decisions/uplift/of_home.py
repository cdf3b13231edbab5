"""An experiment that ran in the home, as a past experiment; and the publication of the uplift that was learned from it.

Outcomes are those of the experiment's window, inputs what was published of the customers on its first day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import reading
from clv.decisions.experiments.metrics import OUTCOMES
from clv.decisions.experiments.reading import Reading
from clv.decisions.uplift.experiment_file import Past, indicators
from clv.decisions.uplift.replay import Uplift
from clv.warehouse import db, locks, publication
from clv.warehouse.publication import Publication
from clv.warehouse.roles import PUBLISHER

# What is learned from: columns of customer_clv, the first as numbers.
NUMBERS = (
    "orders_count", "historic_revenue", "historic_profit", "average_order_value", "average_days_between_orders",
    "as_of_date - first_order_on", "as_of_date - last_order_on", "days_overdue", "p_alive", "p_purchase",
    "expected_orders", "predicted_revenue", "predicted_clv", "lifetime_clv",
)  # fmt: skip
WORDS = ("value_tier", "segment", "lifecycle_stage")


def learn(name: str, learn_from: Callable[[Past, str], Uplift | None], cost: float, home: Settings) -> int:
    """Learns whom the arms of an experiment moved, and publishes it. Returns the number of customers, 0 if nothing is
    published.

    learn_from: learns from the experiment, given the name of its outcome too; None if nothing can be learned. cost: of
    reaching one customer, in the unit of the outcome. For errors see `past`.
    """
    # Hold the shared customer lock, so that nobody who is learned from is erased or renamed before the publication.
    with db.lock(locks.CUSTOMERS, home.warehouse_url, shared=True):
        found, experiment = past(name, home)
        learned = learn_from(found, experiment.experiment.definition.outcome)
        return publish(name, found, learned, cost, home)


def past(name: str, home: Settings) -> tuple[Past, Reading]:
    """The customers of an experiment whose days are over, and its read-out.

    Raises ClvError if it still runs, if its arms are not divided as planned, or if what was published on its first day
    has been removed.
    """
    found = reading.read(name, None, home)
    experiment, definition = found.experiment, found.experiment.definition
    if found.state == reading.RUNNING:
        end = experiment.started_on + timedelta(days=definition.window_days)
        raise ClvError(f"{name} runs until {end}; learn from it then, or stop it: `clv experiment stop {name}`")
    if found.state == reading.MISMATCH:
        raise ClvError(f"the arms of {name} are not divided as planned: `clv experiment read {name}` says more")
    with db.connect(home.url_as(PUBLISHER)) as connection:
        then, now = (publication.current(day, connection) for day in (experiment.started_on, None))
        if then is None or now is None:
            raise ClvError(
                f"what was published on {experiment.started_on}, when {name} began, has been removed, so nothing is "
                "known of its customers then; learn from an experiment whose first day is still published"
            )
        rows = connection.execute(_query(definition.outcome), _given(found, then, now)).fetchall()  # type: ignore[arg-type]
    if not rows:
        raise ClvError(f"no customer of {name} is left to learn from; start a new experiment")
    customers, arm_names, outcome, words, *numbers = zip(*rows, strict=True)
    inputs = np.array(numbers, dtype=np.float32).T
    arms = (definition.control, *definition.treated)
    of_words = [one for column in zip(*words, strict=True) for one in indicators(np.array(column, dtype=object))]
    return (
        Past(
            customers=list(customers),
            arms=arms,
            arm=np.array([arms.index(arm) for arm in arm_names]),
            outcome=np.array(outcome, dtype=float),
            inputs=np.column_stack([inputs, *of_words]).astype(np.float32),
        ),
        found,
    )


def _query(outcome: str) -> str:
    """The query of key, arm, outcome, words and numbers of each customer."""
    return f"""
        with outcomes as (
            select assigned.customer_key, assigned.arm, ({OUTCOMES[outcome].sql})::float as outcome
            from {tables.EXPERIMENT_ASSIGNMENTS} as assigned
            join {tables.ANALYTICS_RUNS}.dim_customer as profiles
                on assigned.customer_key = profiles.customer_key
                and profiles.as_of_date = %(as_of)s and profiles.run_id = %(run_id)s
            left join {tables.ANALYTICS_RUNS}.fct_orders as orders
                on assigned.customer_key = orders.customer_key
                and orders.as_of_date = %(as_of)s and orders.run_id = %(run_id)s
                and orders.ordered_on >= %(since)s and orders.ordered_on < %(until)s
            where assigned.experiment = %(name)s
            group by assigned.customer_key, assigned.arm
        )
        select outcomes.customer_key::text, arm, outcome, array[{", ".join(WORDS)}],
            {", ".join(f"({number})::float" for number in NUMBERS)}
        from outcomes
        left join {tables.ANALYTICS_RUNS}.customer_clv as known
            on outcomes.customer_key = known.customer_key
            and known.as_of_date = %(since)s and known.run_id = %(first_run)s
        order by outcomes.customer_key
    """  # noqa: S608 - our own names


def _given(found: Reading, then: Publication, now: Publication) -> dict[str, Any]:
    since = found.experiment.started_on
    return {
        "name": found.experiment.name,
        "as_of": now.as_of_date,
        "run_id": now.run_id,
        "first_run": then.run_id,
        "since": since,
        "until": since + timedelta(days=found.days),
    }


def publish(name: str, past: Past, learned: Uplift | None, cost: float, home: Settings) -> int:
    """Publishes the uplift of each customer by each arm in place of what was published of the experiment; nothing if no
    choice by customer is recommended. Returns the number of customers.

    cost: of reaching one customer, by which the arms were chosen.
    """
    with db.connect(home.url_as(PUBLISHER)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.READ_OUTS),))
        connection.execute(f"delete from {tables.CUSTOMER_UPLIFT} where experiment = %s", (name,))  # noqa: S608 - our own names
        if learned is None or not learned.judged.recommended:
            return 0
        columns = "experiment, customer_key, arm, uplift, cost, recommended"
        with connection.cursor().copy(f"copy {tables.CUSTOMER_UPLIFT} ({columns}) from stdin") as copy:
            for customer, uplifts, choice in zip(past.customers, learned.uplift, learned.choice, strict=True):
                copy.write_row((name, customer, past.arms[0], 0.0, 0.0, bool(choice == 0)))
                for place, arm in enumerate(past.arms[1:], 1):
                    copy.write_row((name, customer, arm, float(uplifts[place - 1]), cost, bool(choice == place)))
    return len(past.customers)
