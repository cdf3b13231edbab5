"""After any deliveries, corrections, withdrawals, erasures and links between ids, tables that were changed row by row
equal those of a whole build, stored digit by stored digit."""

from __future__ import annotations

import itertools
import os
import uuid
from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from raw_rows import customer, deliver, deliver_spend, line

from clv.catalog import tables
from clv.core.settings import Settings
from clv.privacy import persons
from clv.sources.kinds.orders import erased
from clv.transform import changed_raw, comparing, dbt, delta, notes
from clv.transform import persons as of_date
from clv.transform.notes import FROM_RAW
from clv.transform.temporary import Compiled
from clv.warehouse import db, identities
from clv.warehouse.roles import TRANSFORMER

pytestmark = pytest.mark.set_up

HISTORIES = os.environ.get("CLV_TEST_HISTORIES")  # more of them, drawn at random at each call
_numbers = itertools.count(1)

order_ids = st.sampled_from(["1", "2", "3", "4", None])
row_keys = st.sampled_from([f"k{number}" for number in range(8)])
times = st.sampled_from(
    ["2024-01-01 00:00", "2024-01-01 10:00", "2024-01-01 10:00:17", "2024-01-02 09:00", "2024-02-01 10:00", None]
)
versions = st.sampled_from([None, None, "2024-01-01", "2024-02-01", "2024-03-01"])
rows = st.fixed_dictionaries(
    {
        "order_id": order_ids,
        "_row_key": row_keys,
        "customer_key": st.sampled_from([customer("a"), customer("b"), customer("c"), None]),
        "ordered_at": times,
        "amount": st.sampled_from(["5", "5.00", "7.5", "0", "-2", "-2.00", "-5", None]),
        "_version": versions,
        "_rule": st.sampled_from([None, None, None, None, "cancelled", "erased"]),
        "product_id": st.sampled_from(["pen", "ink", None]),
        "category": st.sampled_from(["desk", "art", None]),
        "cost": st.sampled_from([None, "1", "1.0"]),
        "quantity": st.sampled_from([None, "1", "2"]),
        "discount": st.sampled_from([None, "1"]),
        "channel": st.sampled_from(["web", "shop", None]),
        "refund_of": st.sampled_from([None, None, "1", "2"]),
        "may_contact": st.sampled_from([None, True, False]),
        "_content": st.sampled_from([uuid.UUID(int=number) for number in range(4)]),
    }
)
files = st.lists(rows, min_size=1, max_size=5)
sources = st.sampled_from(["shop", "shop", "shop", "web"])
names = st.sampled_from(["a.csv", "b.csv", "c.csv"])
kinds_of_keys = st.sampled_from([None, "line", "order", "customer_order", "content", "customer_order_time"])
which = st.integers(0, 99)  # of the batches so far
spent = st.lists(
    st.tuples(
        st.sampled_from(["2024-01-01", "2024-01-02"]), st.sampled_from(["search", "mail"]),
        st.sampled_from(["5", "5.0", "6"]), st.sampled_from([None, "sale"]),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


def link(connection: psycopg.Connection, one: uuid.UUID, other: uuid.UUID, rule: str) -> None:
    """Two ids that are one person from 2024 on."""
    connection.execute(
        f"insert into {tables.IDENTITY_LINKS} values (%s, %s, %s, '2024-01-01')",
        (one, other, rule),
    )


class Histories(RuleBasedStateMachine):
    """Deliveries of a shop. After each, the tables are changed by the delta, or only after the next ones."""

    home: Settings
    compiled: dict[str, Compiled]
    connection: psycopg.Connection

    @initialize()
    def nothing_was_delivered(self) -> None:
        there = [
            *(f"{schema}.{table}" for schema, table in self._dbt_tables()),
            tables.ORDER_LINES, tables.CHANNEL_SPEND, tables.BATCHES, tables.WITHDRAWALS, tables.TOUCHED_CUSTOMERS,
            tables.PERSON_KEYS,
        ]  # fmt: skip
        self.connection.rollback()  # of a history that failed
        with db.connect() as connection:
            connection.execute(f"truncate {', '.join(there)} cascade")  # type: ignore[arg-type]
        self.batches: list[int] = []
        self.current = False  # whether both layers were built in the last step
        self.vanished = False  # whether a batch vanished since staging was built
        self.due = set(FROM_RAW)

    def _dbt_tables(self) -> list[tuple[str, str]]:
        relations = [relation for one in self.compiled.values() for relation in one.models]
        return [(parts[1], parts[2]) for parts in (relation.split(".") for relation in relations)]

    def _delivered(self, batch: int) -> None:
        self.batches.append(batch)

    @rule(lines=files, name=names, source=sources, row_key=kinds_of_keys)
    def orders_arrive(self, lines: list[dict], name: str, source: str, row_key: str | None) -> None:
        self._delivered(deliver([self._row(one) for one in lines], name, source, row_key=row_key))

    @rule(lines=files, name=names)
    def whole_orders_arrive(self, lines: list[dict], name: str) -> None:
        self._delivered(deliver([self._row(one) for one in lines], name, row_key="customer_order"))

    @rule(who=st.sampled_from("abcdef"))
    def somebody_new_buys(self, who: str) -> None:
        order = f"new {next(_numbers)}"
        self._delivered(deliver([line(order, "2024-01-03 10:00", "3.00", who)], f"{order}.csv", row_key="line"))

    @rule(spent=spent, name=names, content=st.sampled_from([None, "same"]))
    def spend_arrives(self, spent: list[tuple], name: str, content: str | None) -> None:
        self._delivered(deliver_spend(spent, name, content=content, mapping=str(next(_numbers))))

    @rule(which=which)
    def a_batch_is_withdrawn_or_restored(self, which: int) -> None:
        if batch := self._one(which):
            with db.connect() as connection:
                gone = connection.execute(f"delete from {tables.WITHDRAWALS} where batch_id = %s", (batch,)).rowcount
                if not gone:
                    connection.execute(f"insert into {tables.WITHDRAWALS} (batch_id, reason) values (%s, '')", (batch,))

    @rule(which=which, lines=files, in_its_place=st.booleans())
    def a_batch_is_read_again(self, which: int, lines: list[dict], in_its_place: bool) -> None:
        """The same content by another mapping, at the end or in the place of the first reading."""
        if batch := self._one(which):
            with db.connect() as connection:
                of = connection.execute(
                    f"select kind, source, file_name, row_key from {tables.BATCHES} where batch_id = %s", (batch,)
                ).fetchall()[0]
                if of[0] != "orders":
                    return
                again = deliver([self._row(one) for one in lines], of[2], of[1], row_key=of[3])
                connection.execute(
                    f"""update {tables.BATCHES} set replay_of = %s, content_sha256 = (
                        select content_sha256 from {tables.BATCHES} where batch_id = %s
                    ), mapping_sha256 = %s where batch_id = %s""",
                    (batch if in_its_place else None, batch, str(again), again),
                )
            self._delivered(again)

    @rule(which=which)
    def a_batch_vanishes(self, which: int) -> None:
        if batch := self._one(which):
            with db.connect() as connection:
                connection.execute(f"update {tables.BATCHES} set replay_of = null where replay_of = %s", (batch,))
                for table in (tables.ORDER_LINES, tables.CHANNEL_SPEND):
                    connection.execute(f"delete from {table} where _batch_id = %s", (batch,))  # type: ignore[arg-type]
                for table in (tables.WITHDRAWALS, tables.BATCHES):
                    connection.execute(f"delete from {table} where batch_id = %s", (batch,))  # type: ignore[arg-type]
            self.batches.remove(batch)
            self.vanished = True

    @rule(who=st.sampled_from("abcdef"))
    def somebody_is_erased(self, who: str) -> None:
        """The tables are those of a whole build at once, if they were before."""
        if self.vanished:
            return
        with db.connect() as connection:
            batches = erased.erase(connection, customer(who))
            identities.forget(connection, customer(who))
            for table in persons.tables_of_customers(connection)[1:]:
                connection.execute(f"delete from {table} where customer_key = %s", (customer(who),))  # type: ignore[arg-type]
            changed_raw.erased(connection, batches)
            assert notes.built_from("staging", connection), "the rows were not changed one by one"
        if self.current:
            assert comparing.differences(self.connection, self.compiled) == {}
            self.connection.rollback()

    @rule(pairs=st.sets(st.sampled_from(["ab", "bc", "ad", "ef"])))
    def ids_are_linked_or_not_any_more(self, pairs: set[str]) -> None:
        with db.connect() as connection:
            connection.execute(f"delete from {tables.IDENTITY_LINKS} where rule = 'email'")
            for one, other in sorted(pairs):
                link(connection, customer(one), customer(other), "email")
            of_date.set_to(connection, date(2024, 3, 1))

    @rule(layers=st.sampled_from([[], ["staging"], ["staging"]]))
    def builds_wait(self, layers: list[str]) -> None:
        """Until the next step; intermediate may wait for several builds of staging."""
        self.due = set(layers)

    @invariant()
    def the_tables_are_those_of_a_whole_build(self) -> None:
        if not hasattr(self, "due"):
            return
        if "staging" in self.due:
            for layer in ("staging", *(["intermediate"] if "intermediate" in self.due else [])):
                delta.CHANGE[layer](self.connection, self.compiled[layer])
                self.connection.commit()
            compared = {layer: self.compiled[layer] for layer in FROM_RAW if layer in self.due}
            assert comparing.differences(self.connection, compared) == {}
            self.connection.rollback()
            self.vanished = False
        self.current = self.due == set(FROM_RAW)
        self.due = set(FROM_RAW)

    def _one(self, which: int) -> int | None:
        return self.batches[which % len(self.batches)] if self.batches else None

    def _row(self, values: dict) -> dict:
        """A received row. An erased one has no values but its keys."""
        if values["_rule"] != "erased":
            return values
        kept = ("_row_key", "order_id", "_rule", "_content")
        return {name: values[name] if name in kept else None for name in values}


@pytest.fixture(scope="module")
def compiled(module_home: Settings) -> dict[str, Compiled]:
    """The compiled SQL of both layers, after a whole build, of a shop with ids that are linked."""
    with db.connect() as connection:
        link(connection, uuid.UUID(int=1), uuid.UUID(int=2), "merges")  # neither ever orders
    deliver([line("1", "2024-01-10 10:00", "20.00")])
    for layer in FROM_RAW:
        dbt.build(layer, {}, module_home)
    with db.connect() as connection:
        found = {layer: notes.compiled(layer, connection) for layer in FROM_RAW}
    return {layer: one for layer, one in found.items() if one}


def test_any_history_changes_the_tables_as_a_whole_build_does(compiled: dict[str, Compiled], module_home: Settings):
    assert [*compiled] == [*FROM_RAW]
    with db.connect(module_home.url_as(TRANSFORMER)) as connection:
        Histories.home, Histories.compiled, Histories.connection = module_home, compiled, connection
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=int(HISTORIES or 8), stateful_step_count=20, derandomize=not HISTORIES, deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, *([] if HISTORIES else [Phase.shrink])],
            ),
        )  # fmt: skip
