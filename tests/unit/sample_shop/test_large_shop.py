"""The large simulated history: counts, faults and distributions of its rows, and equal bytes from equal requests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sample_shop import dirt, large, model

UNTIL = date(2024, 6, 1)
REQUEST = large.Request(customers=3000, until=UNTIL, seed=5)
CLEAN = "status in ('paid', 'refunded') and customer_id is not null"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("large")
    large.make(out, REQUEST)
    return out


@pytest.fixture(scope="module")
def rows(made: Path) -> duckdb.DuckDBPyConnection:
    """Views `history`, `next_day` and `true`: each row once, in its last version, as the shop would have it."""
    connection = duckdb.connect()
    for view, folder in (("history", made), ("next_day", made / "next_day")):
        connection.execute(f"create view {view} as from read_parquet('{folder}/parquet/*.parquet', filename = true)")
    connection.execute(f"""
        create view true_rows as
        select distinct on (order_id, line_id) *
        from (from history union all by name from next_day) where {CLEAN} order by order_id, line_id, updated_at desc
    """)
    return connection


def one(rows: duckdb.DuckDBPyConnection, query: str) -> tuple:
    return rows.execute(query).fetchall()[0]


def test_equal_requests_give_equal_bytes(made, tmp_path):
    large.make(tmp_path, REQUEST)
    files = sorted(path.relative_to(made) for path in made.rglob("*.*") if path.is_file())
    assert len(files) == 2 * 37 + 1  # 36 months and the next day in two formats, and the truth
    for file in files:
        assert (tmp_path / file).read_bytes() == (made / file).read_bytes()


def test_a_format_alone_gives_the_same_rows_and_another_seed_others(made, tmp_path):
    csv = large.Request(3000, UNTIL, 5, formats=("csv",))
    large.make(tmp_path / "csv", csv)
    assert not (tmp_path / "csv" / "parquet").exists()
    file = Path("csv") / "2022-02.csv.gz"
    assert (tmp_path / "csv" / file).read_bytes() == (made / file).read_bytes()
    large.make(tmp_path / "other", large.Request(3000, UNTIL, 6, formats=("csv",)))
    assert (tmp_path / "other" / file).read_bytes() != (made / file).read_bytes()


def test_both_formats_hold_the_same_rows(made, rows):
    def written(folder: Path) -> list[tuple]:
        csv = f"from read_csv('{folder}/csv/*.csv.gz', types = {{'quantity': 'bigint', 'line_id': 'bigint'}})"
        return [
            rows.execute(f"""
                select order_id, line_id, customer_id, ordered_at::timestamp, amount::double, discount::double, status,
                    refund_of, campaign, nullif(accepts_marketing::varchar, '')
                {source} order by all
            """).fetchall()
            for source in (csv, f"from '{folder}/parquet/*.parquet'")
        ]

    for folder in (made, made / "next_day"):
        csv, parquet = written(folder)
        assert len(csv) > 100
        assert csv == parquet


def test_it_returns_what_it_wrote(made, rows, tmp_path):
    counts = large.make(tmp_path, large.Request(3000, UNTIL, 5, formats=("parquet",)))
    assert counts["rows"] == one(rows, "select count(*) from history")[0]
    assert counts["next_day_rows"] == one(rows, "select count(*) from next_day")[0]
    assert counts["files"] == 36
    assert (
        counts["orders"]
        == one(
            rows, f"select count(distinct order_id) from true_rows where status = 'paid' and ordered_at < '{UNTIL}'"
        )[0]
    )
    assert counts["customers"] == one(rows, f"select count(*) from '{made}/truth.parquet'")[0]


def test_a_million_customers_would_have_nine_million_orders_and_22_million_rows(rows, made):
    known = one(rows, f"select count(*) from '{made}/truth.parquet'")[0]
    history = f"from true_rows where ordered_at < '{UNTIL}'"
    orders = one(rows, f"select count(distinct order_id) {history} and status = 'paid'")[0]
    assert 8 < orders / known < 10
    assert 20 < one(rows, "select count(*) from history")[0] / known < 24


def test_a_month_s_file_holds_its_rows_and_late_ones_of_the_month_before(rows):
    strange = one(
        rows,
        """
        select count(*) filter (ordered_at[:7] > delivered or ordered_at[:7] < previous),
            count(*) filter (ordered_at[:7] < delivered) / count(*)
        from (select ordered_at, parse_filename(filename, true) as delivered,
            strftime((delivered || '-01')::date - 1, '%Y-%m') as previous from history)
        """,
    )
    assert strange[0] == 0
    assert strange[1] == pytest.approx(dirt.LATE + dirt.RESENT + dirt.CORRECTED, rel=0.3)


def test_each_order_keeps_its_lines_and_a_correction_changes_only_the_amount(rows):
    assert (
        one(rows, "select max(line_id), count(distinct customer_id) from true_rows group by order_id order by 2 desc")[
            1
        ]
        == 1
    )
    corrected = one(
        rows,
        f"""
        select count(*), count(*) filter (abs(first - 10 * last) < 0.011), count(distinct order_id)
        from (select order_id, line_id, arg_max(amount, updated_at) as last, arg_min(amount, updated_at) as first
            from (from history union all by name from next_day) where {CLEAN}
            group by order_id, line_id having count(distinct updated_at) > 1)
        """,
    )
    assert corrected[0] > 20
    assert corrected[0] == corrected[1]


def test_refunds_are_of_sales_within_thirty_days_and_of_the_usual_share(rows):
    found = one(
        rows,
        f"""
        select count(*), count(s.order_id), max(r.ordered_at::timestamp - s.ordered_at::timestamp) <= interval 31 days,
            min(r.ordered_at::timestamp - s.ordered_at::timestamp) >= interval 0 days
        from (from true_rows where status = 'refunded' and ordered_at < '{UNTIL}') as r
        left join true_rows as s on s.order_id = r.refund_of and s.line_id = r.line_id and s.amount = -r.amount
        """,
    )
    assert found[0] == found[1]
    assert found[2:] == (True, True)
    # Lines of the last month have not met all of their refunds yet: half of a 36th of them.
    sold = one(rows, f"select count(*) from true_rows where status = 'paid' and ordered_at < '{UNTIL}'")[0]
    assert found[0] / sold == pytest.approx(model.REFUNDED_SHARE, rel=0.1)


def test_the_next_day_is_one_day_of_the_wanted_size(rows):
    history = one(rows, "select count(*) from history")[0]
    found = one(
        rows,
        f"""
        select count(*), count(*) filter (status = 'paid' and ordered_at >= '{UNTIL}'), max(ordered_at) < '2024-06-02',
            count(*) filter (status = 'refunded' and ordered_at >= '{UNTIL}'),
            count(*) filter (ordered_at < '{UNTIL}') from next_day
        """,
    )
    assert found[0] == pytest.approx(large.NEW_SHARE * history, rel=0.15)
    assert found[2]
    assert min(found[1], found[3], found[4]) > 0
    # Its orders are new, and it repeats no row of the history but corrected, resent and late ones.
    both = (
        "select count(*) from next_day join history using (order_id, line_id, updated_at) where next_day.ordered_at >= "
    )
    assert one(rows, f"{both} '{UNTIL}'")[0] == 0


def test_without_a_share_there_is_no_next_day(tmp_path):
    counts = large.make(tmp_path, large.Request(50, UNTIL, history_days=100, new_share=0, formats=("csv",)))
    assert counts["next_day_rows"] == 0
    assert sorted(path.name for path in (tmp_path / "csv").iterdir()) == [
        f"2024-0{month}.csv.gz" for month in (2, 3, 4, 5)
    ]
    assert not (tmp_path / "next_day").exists()


def test_months_divide_the_history():
    request = large.Request(1, date(2024, 3, 10), history_days=40)
    assert list(large.months(request)) == [("2024-01", 0, 2), ("2024-02", 2, 31), ("2024-03", 31, 40)]


def test_customers_order_at_their_own_rates():
    """The mean number of repeat orders agrees with rate × active time, within four standard errors of a Poisson sum."""
    request = large.Request(4000, UNTIL, seed=2)
    drawn = large.draw(request)
    people, days = drawn.people, request.history_days + large.SPARE_DAYS
    first_day = request.start.timetuple().tm_yday
    grid = np.arange(days + 1.0)
    clock = np.concatenate([[0.0], np.cumsum(model.demand(grid[:-1] + 0.5, first_day, days))])
    active = np.interp(np.minimum(people.leaves, days), grid, clock) - np.interp(people.arrival, grid, clock)
    expected = float(people.order_rate @ active)
    assert len(drawn.time) - 4000 == pytest.approx(expected, abs=4 * np.sqrt(expected))
    assert people.order_rate.mean() == pytest.approx(large.ORDERS * 6 / 365.25, rel=0.06)
    assert (np.diff(drawn.time) >= 0).all()


def test_the_truth_is_what_customers_are_expected_to_order():
    """Orders in the spare days, of the customers who were known, agree with the integral of their rates."""
    request = large.Request(20_000, UNTIL, seed=4)
    drawn = large.draw(request)
    day, known = request.history_days, drawn.people.arrival < request.history_days
    actual = np.count_nonzero(known[drawn.customer] & (drawn.time >= day))
    table = large.truth(drawn.people, request).to_pandas()
    assert len(table) == known.sum()
    assert (table.expected_orders_90[~table.alive] == 0).all()
    first_day = request.start.timetuple().tm_yday
    ahead = np.arange(large.SPARE_DAYS) + 0.5
    pace = model.demand(day + ahead, first_day, day + large.SPARE_DAYS)
    active = known & (drawn.people.leaves > day)
    rate, leave = drawn.people.order_rate[active], drawn.people.leave_rate[active]
    expected = float(rate @ (np.exp(-leave[:, None] * ahead) @ pace))
    assert actual == pytest.approx(expected, abs=4 * np.sqrt(expected))
    # The same integral over 90 days, from model.truth and by hand.
    ahead = np.arange(90) + 0.5
    pace = model.demand(day + ahead, first_day, day + large.SPARE_DAYS)
    assert table.expected_orders_90.sum() == pytest.approx(float(rate @ (np.exp(-leave[:, None] * ahead) @ pace)))
