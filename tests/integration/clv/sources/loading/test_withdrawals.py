"""With any file and any mapping, every row is counted under one verdict, and withdrawing the file restores the
published rows as they were without it."""

from __future__ import annotations

from datetime import date

import pytest
import small_warehouse as small
import yaml
from hypothesis import HealthCheck, given, note
from hypothesis import settings as trying
from hypothesis import strategies as st

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.transform import dbt
from clv.warehouse import db, publication, runs
from spark_jobs import score

pytestmark = pytest.mark.set_up

AS_OF = date(2024, 6, 1)
HEADER = ("customer", "order", "time", "amount", "refunded", "refunded_on", "status", "item", "line", "changed")
LEAST = {"customer": "customer", "order": "order", "time": "time"}
FIRST = "z,z-1,2024-01-05 09:00:00,15.00,,,paid,pen,1,"  # a row that counts, whatever else is drawn

rows = st.tuples(
    st.sampled_from(["a", "b", "B", "a", "b", ""]),
    st.sampled_from(["1", "1", "2", "3", "z-1", ""]),
    st.sampled_from(["2024-03-01 10:00:00", "2024-03-01 10:00", "2024-03-01T08:00:00-02:00", "2024-04-02", "", "soon"]),
    st.sampled_from(["80.00", "80.00", "20", "0", "-20", "", "8o"]),
    st.sampled_from(["", "30.00", "30.00", "-30", "90", "0.00", "x"]),
    st.sampled_from(["", "2024-05-02", "never"]),
    st.sampled_from(["paid", "paid", "test", ""]),
    st.sampled_from(["", "pen", "pen", "ink"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "", "2024-05-01", "2024-05-02"]),
).map(",".join)
files = st.lists(rows, min_size=1, max_size=8)


@st.composite
def mappings(draw: st.DrawFn) -> dict:
    once = draw(st.booleans())
    columns = draw(st.sampled_from([{}, {"product_id": "item"}, {"product_id": "item", "line_id": "line"}]))
    keys = ["order", "customer_order", "customer_order_time", "content", *(["line"] if "line_id" in columns else [])]
    mapping: dict = {**LEAST, "columns": columns, "amount": {"column": "amount", "once_per_order": once}}
    mapping["customer"] = {"column": "customer", "lower": draw(st.booleans())}
    mapping |= draw(st.sampled_from([{}, *({"row_key": key} for key in keys)]))
    mapping |= draw(st.sampled_from([{}, {"updated_at": "changed"}]))
    mapping |= draw(st.sampled_from([{}, {"carry": ["customer", "time"]}]))
    mapping |= draw(st.sampled_from([{}, {"filters": [{"rule": "test_order", "column": "status", "equals": "test"}]}]))
    refunds = [{"amount": "refunded"}, {"amount": "refunded", "time": "refunded_on"}]
    refunds = [{**refund, "once_per_order": one} for refund in refunds for one in (True, False)]
    refunds += [{"amount": "refunded", "of": "amount"}]
    return mapping | draw(st.sampled_from([{}, *({"refund": refund} for refund in refunds)]))


@pytest.fixture(scope="module")
def ready(module_home: settings.Settings) -> settings.Settings:
    (module_home.home / "sources").mkdir()
    return module_home


def forget() -> None:
    with db.connect() as connection:
        kept = (tables.ORDER_LINES, tables.BATCHES, tables.WITHDRAWALS, tables.CUSTOMERS, tables.UNREADABLE_ROWS)
        connection.execute(f"truncate {', '.join(kept)}, {tables.UNREADABLE_TEXTS} cascade")


def delivered(name: str, lines: list[str], home: settings.Settings) -> int:
    path = home.home / "files" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([",".join(HEADER), *lines]) + "\n")
    return sources.load("shop", path, home)[0].batch_id


def published(home: settings.Settings) -> str:
    """Returns the digest of all rows that are published for the date, through every layer."""
    run_id = runs.open_run(AS_OF, "test")
    for layer in ("staging", "intermediate", "features"):
        dbt.build(layer, {"as_of_date": str(AS_OF), "run_id": run_id}, home)
    score.write_too_little_data(home, AS_OF, run_id, "too few customers")
    dbt.build("analytics", {"as_of_date": str(AS_OF), "run_id": run_id}, home)
    small.judge_all(run_id, str(AS_OF))
    publication.publish(AS_OF, run_id)
    return db.rows(f"select digest from {tables.PUBLICATIONS} where run_id = %s", (run_id,))[0][0]


def unaccounted() -> list[tuple]:
    return db.rows("""
        select counts.* from staging.stg_batch_counts as counts inner join raw.batches using (batch_id)
        where counts.rows_received <> rows_accepted + rows_set_aside + rows_duplicate + counts.rows_unreadable
            or counts.rows_received <> rows_loaded + batches.rows_unreadable
    """)


@trying(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(mapping=mappings(), before=files, wrong=files, same_name=st.booleans())
def test_withdrawing_a_batch_restores_the_published_rows(
    ready: settings.Settings, mapping: dict, before: list[str], wrong: list[str], same_name: bool
) -> None:
    forget()
    note(yaml.safe_dump(mapping))
    (ready.home / "sources" / "shop.yml").write_text(yaml.safe_dump(mapping))
    delivered("orders.csv", [FIRST, *before], ready)
    expected = published(ready)
    batch = delivered("orders.csv" if same_name else "later.csv", wrong, ready)
    dbt.build("staging", {}, ready)
    assert unaccounted() == []
    sources.withdraw(batch, "wrong", ready)
    assert published(ready) == expected
    assert unaccounted() == []
