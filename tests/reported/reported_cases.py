"""Reads the cases in tests/reported/cases, delivers their files, and returns what a run published of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from clv import sources
from clv.core import settings
from clv.core.errors import ClvError
from clv.warehouse import db

CASES = Path(__file__).parent / "cases"
SHIPPED = settings.PROJECT / "sources"
KNOWN = {"reported", "where", "mapping", "deliveries", "customers", "orders", "rejected", "duplicates"}
# Rows rejected for these reasons were replaced by another delivery of the case, or withdrawn by the case itself.
NOT_LISTED = ("replaced", "withdrawn", "erased")


@dataclass(frozen=True)
class Case:
    """A case: its deliveries in order, and the values that must be published.

    customers: net revenue by customer id, for all customers of the case. orders: net revenue by order id, for the
    orders that are listed. rejected: the reasons of all rejected rows in alphabetical order, except NOT_LISTED.
    """

    name: str
    folder: Path
    mapping: dict
    deliveries: list[dict]
    customers: dict[str, Decimal]
    orders: dict[str, Decimal] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)
    duplicates: int | None = None

    @property
    def source(self) -> str:
        """The name of the case's source, which separates its orders and customers from those of other cases."""
        return f"case_{self.name.replace('-', '_')}"


def read(folder: Path) -> Case:
    """Returns the case in a folder: case.yml, files, and a mapping or the name of a shipped one."""
    content = yaml.safe_load((folder / "case.yml").read_text())
    assert not set(content) - KNOWN, f"{folder.name}/case.yml has the unknown keys {set(content) - KNOWN}"
    assert content["reported"], "a case says what was reported"
    assert content["where"], "a case says where it was reported"
    return case(folder.name, folder, **{key: content[key] for key in KNOWN & set(content) - {"reported", "where"}})


def case(name: str, folder: Path, mapping: str, deliveries: list, customers: dict, **expected: object) -> Case:
    """Returns a case of the files in a folder. mapping: a file in the folder, or the name of a shipped source."""
    path = folder / mapping if (folder / mapping).exists() else SHIPPED / f"{mapping}.yml"
    steps = [{"file": step} if isinstance(step, str) else step for step in deliveries]
    money = {key: {str(k): Decimal(str(v)) for k, v in dict(expected.pop(key, {})).items()} for key in ("orders",)}  # type: ignore[call-overload]
    nets = {str(customer): Decimal(str(net)) for customer, net in customers.items()}
    return Case(name, folder, yaml.safe_load(path.read_text()), steps, nets, **money, **expected)  # type: ignore[arg-type]


def deliver(one: Case, home: settings.Settings) -> None:
    """Takes the steps of a case: loads a file, expects its refusal, or withdraws or restores a file of the case."""
    mappings = home.home / "sources"
    mappings.mkdir(exist_ok=True)
    (mappings / f"{one.source}.yml").write_text(yaml.safe_dump({"customer_namespace": one.source, **one.mapping}))
    batches: dict[str, int] = {}
    for step in one.deliveries:
        if "withdraw" in step:
            sources.withdraw(batches[step["withdraw"]], "reported case", home)
        elif "restore" in step:
            sources.restore(batches[step["restore"]], home)
        elif "refused" in step:
            with pytest.raises(ClvError, match=step["refused"]):
                sources.load(one.source, one.folder / step["file"], home)
        else:
            (result,) = sources.load(one.source, one.folder / step["file"], home)
            batches[step["file"]] = result.batch_id


def published_customers(one: Case) -> dict[str, Decimal]:
    """Returns the published net revenue of the case's customers by the shop's id."""
    return dict(
        db.rows(
            "select customer_id, historic_revenue from analytics.customer_clv "
            "join pii.customers using (customer_key) where source = %s",
            (one.source,),
        )
    )


def published_orders(one: Case) -> dict[str, Decimal]:
    """Returns the published net revenue of the case's orders by the shop's id. Ids that customers share are added
    up."""
    query = """
        select split_part(order_key, ':', 2), sum(net_revenue)::numeric(18, 2) from analytics.fct_orders
        where split_part(order_key, ':', 1) = %s group by 1
    """
    return dict(db.rows(query, (one.source,)))


def rejected(one: Case) -> list[str]:
    """Returns the reasons of the rejected rows in alphabetical order, except those in NOT_LISTED."""
    query = """
        select reason from quarantine.set_aside_lines where source = %(source)s and reason <> all(%(not_listed)s)
        union all
        select reason from quarantine.unreadable_rows where batch_id in (
            select batch_id from raw.batches where source = %(source)s
                and batch_id not in (select batch_id from raw.withdrawals)
        )
    """
    found = db.rows(query, {"source": one.source, "not_listed": list(NOT_LISTED)})
    return sorted(reason for (reason,) in found)


def duplicates(one: Case) -> int:
    query = "select coalesce(sum(rows_duplicate), 0)::int from staging.stg_batch_counts where source = %s"
    return db.rows(query, (one.source,))[0][0]


def agree(found: list[str], expected: list[str]) -> bool:
    """Returns whether each reason found equals the expected one or matches it as a pattern."""
    return len(found) == len(expected) and all(
        reason == pattern or re.search(pattern, reason) for reason, pattern in zip(found, sorted(expected), strict=True)
    )
