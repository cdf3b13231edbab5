"""An erasure changes in staging and intermediate what its rows touch, so that the day after costs a day."""

from __future__ import annotations

import pytest
import traces
import yaml
from erased_person import AS_OF, LEAST, QUINCE, build, erase, needles, write

from clv import sources
from clv.core.settings import Settings
from clv.reporting import gates
from clv.sources.loading import rejections
from clv.transform import dbt, delta, notes, rebuilding
from clv.warehouse import db, runs
from expectations.gates import judge
from spark_jobs import score

pytestmark = pytest.mark.set_up

LINES = """
    select customer_id, order_key, amount::int from staging.stg_order_lines join pii.customers using (customer_key)
    where customer_id in ('c1', 'c2', 'c3') order by 1, 3
"""
HASHES = "select row_hash from staging.stg_line_verdicts union select order_hash from staging.stg_line_verdicts"


def built(home: Settings) -> dict[str, dict]:
    return {layer: dbt.build(layer, {"as_of_date": str(AS_OF)}, home) for layer in notes.FROM_RAW}


@pytest.fixture(scope="module")
def shop(module_home: Settings) -> Settings:
    """Two sources, in which customers share order ids, and a line and an order of others became Quince's."""
    home, quince = module_home, QUINCE["id"]
    (home.home / "sources").mkdir()
    for source, mapping in {
        "shop": {**LEAST, "row_key": "line", "columns": {"line_id": "name"}},
        "web": {**LEAST, "row_key": "order"},
    }.items():
        (home.home / "sources" / f"{source}.yml").write_text(yaml.safe_dump(mapping))
    others = [f"d{n},{n},2024-04-01,9,,{n}" for n in range(10, 30)]
    write(
        home.landing / "shop" / "a.csv",
        f"{quince},o1,2024-03-01,5,,1", "c1,o1,2024-03-02,6,,2", "c2,o2,2024-03-03,7,,3",
        "c3,o3,2024-03-04,8,,4", "zoe,o3,2024-03-01,8,,5", *others,
    )  # fmt: skip
    write(home.landing / "shop" / "b.csv", f"{quince},o2,2024-03-05,9,,3", f"{quince},o1,2024-03-06,-5,,6")
    write(home.landing / "web" / "a.csv", "c1,w1,2024-03-02,11,,", "c2,w2,2024-03-02,12,,", "c1,w3,soon,6,,")
    write(home.landing / "web" / "b.csv", f"{quince},w1,2024-03-05,13,,", f"{quince},w4,2024-03-05,14,,")
    sources.landing(home)
    built(home)
    return home


def test_the_day_after_an_erasure_writes_the_rows_of_the_day(shop: Settings):
    before = db.rows(LINES)
    assert [(who, amount) for who, _, amount in before] == [("c1", 6), ("c2", 12), ("c3", 8)]
    assert before[0][1].startswith("shop:o1:")  # Quince had the order id first
    assert erase(QUINCE["id"], shop, "shop").rows["raw.order_lines"] == 5
    assert traces.in_tables(needles(shop)) == traces.in_files(needles(shop), shop.home) == []
    assert rebuilding.check(shop) == {}
    # The order id is the next customer's. Rows that the erased ones replaced stay replaced.
    assert db.rows(LINES) == [("c1", "shop:o1", 6), *before[1:]]
    assert all(facts.get("unchanged") for facts in built(shop).values())
    with db.connect() as connection:
        assert notes.noted(notes.MADE_OF, connection) == dbt.staging_state()

    write(shop.landing / "shop" / "c.csv", "e1,o5,2024-05-01,5,,40")
    sources.landing(shop)
    facts = built(shop)
    assert {name: rows for name, rows in facts["staging"]["rows"].items() if rows} == {
        "stg_batches": 1,
        "stg_line_verdicts": 1,
        "stg_order_lines": 1,
        "stg_verdict_counts": 1,
        "stg_batch_counts": 1,
    }
    assert facts["intermediate"]["rows"]["int_customer_days"] == 1
    assert rebuilding.check(shop) == {}


def test_an_erasure_that_touches_too_much_leaves_no_hash_and_the_next_build_is_whole(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
):
    built(shop)
    theirs = db.rows("""
        select ops.group_hash('row', 'shop', _row_key) from raw.order_lines join pii.customers using (customer_key)
        where customer_id = 'zoe'
    """)
    assert set(theirs) < set(db.rows(HASHES))
    with monkeypatch.context() as patch:
        patch.setattr(delta, "LARGE", 0)
        patch.setattr(delta, "LARGEST_SHARE", 0)
        erase("zoe", shop, "shop")
    assert set(theirs).isdisjoint(db.rows(HASHES))
    first = rejections.batches(shop, "shop")[-1]
    assert (first.file_name, first.accepted) == ("a.csv", None)  # like a batch that no run has processed
    facts = built(shop)
    assert facts["staging"]["rows"]["stg_line_verdicts"] == db.rows("select count(*) from raw.order_lines")[0][0]
    assert ("c3", "shop:o3", 8) in db.rows(LINES)
    assert rebuilding.check(shop) == {}


def test_a_run_goes_on_after_an_erasure_without_the_person(shop: Settings):
    run_id = runs.open_run(AS_OF, "test")
    build(shop, run_id, "staging", "intermediate", "features")
    net = f"select sum(net_revenue) from analytics_runs.fct_orders where run_id = '{run_id}'"
    ((before,),) = db.rows(net)
    erase("d15", shop, "shop")  # one order of 9.00
    score.write_too_little_data(shop, AS_OF, run_id, "too few customers")
    build(shop, run_id, "analytics")
    judge("analytics", AS_OF, run_id, gates.write)
    bridge = f"select sum(amount) from analytics_runs.revenue_bridge where step = 'net_revenue' and run_id = '{run_id}'"
    assert db.rows(bridge) == db.rows(net) == [(before - 9,)]
