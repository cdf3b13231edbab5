"""Homes with lists, as a published run has them, and declared destinations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import yaml

from clv.core.settings import Settings
from clv.decisions.exporting import declaration
from clv.privacy import persons
from clv.warehouse import db, pseudonyms

AS_OF, RUN = "2024-06-01", "2024-06-01.1"
LIST = "win_back"
CAP = {"contacts": 1, "days": 30}

TABLES = """
create table analytics_runs.list_members (
    as_of_date date, run_id text, list_name text, customer_key uuid, place integer, channel text, action text,
    reason text, value_at_stake numeric(18, 2), value_at_stake_p10 numeric(18, 2), value_at_stake_p90 numeric(18, 2),
    arm text, primary key (as_of_date, run_id, list_name, customer_key)
);
create table analytics_runs.list_summary (
    as_of_date date, run_id text, list_name text, holdout_share numeric, primary key (as_of_date, run_id, list_name)
);
create table analytics_runs.customer_clv (
    as_of_date date, run_id text, customer_key uuid, value_tier text, predicted_revenue numeric(18, 2)
);
create table analytics.contactable_customers (customer_key uuid);
create table intermediate.int_consents (
    customer_key uuid, day date, may_contact boolean, primary key (customer_key, day)
);
create view analytics.list_states as
    select distinct as_of_date, list_name, exists (
        select from ops.list_approvals as approvals
        where approvals.list_name = members.list_name and revoked_at is null
            and (approvals.as_of_date = members.as_of_date or approvals.as_of_date is null)
    ) as is_approved
    from analytics_runs.list_members as members;
"""


@dataclass(frozen=True)
class Member:
    """A customer of a list; the id is an e-mail address, or any other. consents: whether they may be contacted."""

    customer_id: str
    email: str | None = None
    consents: bool = True
    arm: str = "act"
    is_erased: bool = False


def key(home: Settings, customer_id: str) -> UUID:
    return persons.named(customer_id, None, pseudonyms.secret(home)).key


def make_tables(home: Settings) -> None:
    """Makes the tables of lists as far as dbt makes them."""
    with db.connect(home.warehouse_url) as connection:
        connection.execute(TABLES)  # type: ignore[arg-type]


def publish(
    home: Settings, members: Sequence[Member], list_name: str = LIST, as_of: str = AS_OF, run_id: str = RUN
) -> None:
    """Publishes a run with one list, and its customers' consent and addresses."""
    with db.connect(home.warehouse_url) as connection:
        for place, one in enumerate(members, 1):
            _add(connection, key(home, one.customer_id), place, one, (as_of, run_id, list_name))
        connection.execute(
            "insert into analytics_runs.list_summary values (%s, %s, %s, 0.1)", (as_of, run_id, list_name)
        )
        connection.execute(
            "insert into analytics.publications (as_of_date, run_id, digest, rows_published) values (%s, %s, '', '{}')",
            (as_of, run_id),
        )


def _add(connection: psycopg.Connection, customer: UUID, place: int, one: Member, listed: tuple) -> None:
    connection.execute(
        "insert into analytics_runs.list_members values "
        "(%s, %s, %s, %s, %s, 'email', 'offer', 'silent for 90 days', 10, 5, 20, %s)",
        (*listed, customer, place, one.arm),
    )
    if not one.is_erased:
        connection.execute(
            "insert into pii.customers (customer_key, source, customer_id, email) values (%s, 'plain', %s, %s) "
            "on conflict do nothing",
            (customer, one.customer_id, one.email),
        )
    connection.execute(
        "insert into intermediate.int_consents values (%s, %s, %s) "
        "on conflict (customer_key, day) do update set may_contact = excluded.may_contact",
        (customer, listed[0], one.consents),
    )
    connection.execute("delete from analytics.contactable_customers where customer_key = %s", (customer,))
    if one.consents:
        connection.execute("insert into analytics.contactable_customers values (%s)", (customer,))


def approve(home: Settings, list_name: str = LIST, as_of: str | None = None) -> None:
    """Approves a list for a date, or for every date."""
    with db.connect(home.warehouse_url) as connection:
        connection.execute(
            "insert into ops.list_approvals (list_name, as_of_date, approved_by) values (%s, %s, 'me')",
            (list_name, as_of),
        )


def revoke(home: Settings) -> None:
    """Revokes every approval."""
    with db.connect(home.warehouse_url) as connection:
        connection.execute("update ops.list_approvals set revoked_by = 'me', revoked_at = now()")


def learn_uplift(home: Settings, customer_id: str) -> None:
    """Writes the uplift of a customer, of an experiment that is over."""
    with db.connect(home.warehouse_url) as connection:
        connection.execute(
            "insert into ops.experiments (experiment, started_on, run_id, definition, stopped_on) "
            "values ('spring', '2024-03-01', 'r', '{}', '2024-04-01')"
        )
        connection.execute(
            "insert into ops.customer_uplift values ('spring', %s, 'mail', 1.5, 0, true)",
            (key(home, customer_id),),
        )


def declare(home: Settings, destination: str, **content: Any) -> None:
    """Writes the declaration of a destination; `to` is its kind."""
    path = home.home / declaration.FOLDER / f"{destination}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))


def ledger(home: Settings) -> list[tuple[str, str, str]]:
    """The list, the customer's id and the state of each row of the ledger, in the order of batches."""
    return db.rows(
        "select list_name, customer_id, state from ops.exports left join pii.customers using (customer_key) "
        "order by list_name, batch, customer_id",
        url=home.warehouse_url,
    )
