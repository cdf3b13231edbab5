"""Lines in another currency are converted by the rate of their day, whenever it arrives.

The tests of this file go on from each other's state, in their order.
"""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.sources.kinds import raw_tables
from clv.transform import dbt, rebuilding
from clv.warehouse import db

pytestmark = pytest.mark.set_up

MAPPING = """
customer: customer_id
order: order_id
time: ordered_at
amount: {column: total, minus: {tax: tax}}
refund: {amount: refunded, of: total, time: refunded_at}
currency: {column: currency, rates: {EUR: 1, USD: 0.9}, by_day: true}
"""
ORDERS = """customer_id,order_id,ordered_at,total,tax,refunded,refunded_at,currency
ann,1,2024-01-10,120.00,20.00,60.00,2024-02-01,USD
bob,2,2024-01-13,33.33,0,,,USD
cat,3,2024-01-13,10.00,0,,,EUR
dan,4,2024-01-05,10.00,0,,,USD
"""
HEAD = "day,currency,rate\n"


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings) -> settings.Settings:
    (module_home.home / "shop.json").write_text(json.dumps({"currency": "EUR"}))
    home = settings.load()
    raw_tables.make(home)  # as `clv up` does
    (home.home / "sources").mkdir()
    (home.home / "sources" / "abroad.yml").write_text(MAPPING)
    load(home, "abroad", ORDERS)
    return home


def load(home: settings.Settings, source: str, text: str, name: str = "first") -> int:
    path = home.home / f"{source} {name}.csv"
    path.write_text(text)
    return sources.load(source, path, home)[0].batch_id


def amounts(home: settings.Settings) -> list[Decimal]:
    """Builds up to the intermediate layer, which equals a whole build. Returns the amount of each line, by order."""
    for layer in ("staging", "intermediate"):
        dbt.build(layer, {}, home)
    assert rebuilding.check(home) == {}
    query = f"select amount from {tables.INT_ORDER_LINE_VERSIONS} where until_state is null order by order_key, entry"
    return [amount for (amount,) in db.rows(query)]


def test_without_rates_of_days_the_fixed_rate_applies(shop: settings.Settings) -> None:
    assert amounts(shop) == [90, -45, Decimal("29.997"), 10, 9]


def test_the_newest_rate_at_or_before_the_day_applies(shop: settings.Settings) -> None:
    load(shop, "rates", f"{HEAD}2024-01-10,USD,0.8\n2024-01-12,USD,0.81\n2024-01-14,USD,5\n")
    assert amounts(shop) == [80, -40, Decimal("26.9973"), 10, 9]  # a refund beside its sale has the sale's rate
    stated = f"select stated_amount, tax from {tables.STG_ORDER_LINES} where order_id = '1' and not is_refund"
    assert db.rows(stated) == [(96, 16)]


def test_a_corrected_rate_counts_from_the_next_run_on(shop: settings.Settings) -> None:
    load(shop, "rates", f"{HEAD}2024-01-10,USD,0.85\n", "corrected")
    load(shop, "rates", f"{HEAD}2024-01-01,USD,0.7\n", "late")
    assert amounts(shop) == [85, Decimal("-42.5"), Decimal("26.9973"), 10, 7]
    # Runs that were built before keep their lines.
    query = f"""
        select amount from {tables.INT_ORDER_LINE_VERSIONS}
        where order_key = 'abroad:1' and entry = 0 and until_state is not null order by until_state
    """
    assert db.rows(query) == [(90,), (80,)]


def test_a_rate_that_is_withdrawn_counts_no_more(shop: settings.Settings) -> None:
    batch = load(shop, "rates", f"{HEAD}2024-01-13,USD,2\n", "wrong")
    assert amounts(shop)[2] == Decimal("66.66")
    sources.withdraw(batch, "wrong", shop)
    assert amounts(shop)[2] == Decimal("26.9973")
