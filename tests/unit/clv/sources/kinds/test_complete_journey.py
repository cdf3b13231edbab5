"""Complete Journey: revenue, the retailer's discounts and the manufacturers' coupons are kept apart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from clv.sources.kinds.mappings import SHIPPED

SUMS = ("sales_value", "retail_disc + coupon_match_disc", "coupon_disc")
TOTALS = "count(*), " + ", ".join(f"round(sum({sql}), 2)" for sql in SUMS)


@pytest.fixture
def households(real_data: Path, tmp_path: Path) -> Path:
    """The transactions of the first households, as a file."""
    path = tmp_path / "some.parquet"
    rows = f"from '{real_data / 'complete_journey' / 'transactions.parquet'}' where household_id <= 40"
    duckdb.execute(f"copy (select * {rows}) to '{path}' (format parquet)")
    return path


def test_discounts_and_coupons_are_distinguished(households: Path, parsed) -> None:
    expected = [Decimal(str(one)) for one in duckdb.execute(f"select {TOTALS} from '{households}'").fetchall()[0]]
    content = households.read_bytes()
    mappings = {
        name: yaml.safe_load((SHIPPED / f"{name}.yml").read_text())
        for name in ("complete_journey", "complete_journey_coupons")
    }
    lines = parsed(content, "amount, discount, _reason", mappings["complete_journey"], "some.parquet")
    assert {reason for *_, reason in lines} == {None}
    coupons = parsed(content, "amount, _rule, _reason", mappings["complete_journey_coupons"], "some.parquet")
    assert {row[1:] for row in coupons} == {(None, None), ("no_coupon", None)}
    paid = [amount for amount, rule, _ in coupons if rule is None]
    found = [Decimal(len(lines)), *(sum(row[place] for row in lines) for place in (0, 1)), sum(paid)]
    assert [round(one, 2) for one in found] == expected
    assert min(paid) > 0
