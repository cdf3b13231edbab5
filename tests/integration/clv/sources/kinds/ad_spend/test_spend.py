"""Files of ad spend are loaded into raw; a shop without ad spend is published too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import small_warehouse as small
import yaml
from raw_rows import deliver_spend

from clv import sources
from clv.core.errors import ClvError
from clv.transform import dbt
from clv.warehouse import db, publication

HEADER = "day,channel,campaign,amount"
ROWS = ["2024-01-01,search,brand,5.50", "2024-01-01,social,,7"]


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def spent() -> list[tuple]:
    return db.rows("select _line, day, channel, campaign, amount from raw.channel_spend order by _batch_id, _line")


def test_rows_are_loaded_once_and_counted(home, tmp_path):
    path = write(tmp_path / "january.csv", *ROWS)
    (first,) = sources.load("ad_spend", path, home)
    assert (first.received, first.loaded, first.unreadable) == (2, 2, 0)
    assert spent() == [
        (2, date(2024, 1, 1), "search", "brand", Decimal("5.5")),
        (3, date(2024, 1, 1), "social", None, Decimal(7)),
    ]
    assert sources.load("ad_spend", path, home)[0].already_loaded
    assert db.rows("select kind, rows_received from raw.batches") == [("spend", 2)]
    assert db.rows("select count(*) from raw.order_lines") == [(0,)]


def test_three_columns_are_enough_and_a_mapping_names_the_shops_own(home, tmp_path):
    write(tmp_path / "plain.csv", "2024-01-01,search,1", header="day,channel,amount")
    sources.load("ad_spend", tmp_path / "plain.csv", home)
    (home.home / "sources").mkdir()
    keys = {
        "kind": "spend", "day": {"column": "Tag", "formats": ["%d.%m.%Y"]}, "channel": "Kanal", "amount": "Kosten",
        "file": {"delimiter": ";", "decimal": ","}, "currency": {"code": "USD", "rates": {"EUR": 1, "USD": 0.5}},
    }  # fmt: skip
    (home.home / "sources" / "google.yml").write_text(yaml.safe_dump(keys))
    write(tmp_path / "google.csv", "02.01.2024;search;3,10", header="Tag;Kanal;Kosten")
    with db.connect() as connection:
        connection.execute("update ops.settings set value = 'EUR' where name = 'currency'")
    sources.load("google", tmp_path / "google.csv", home)
    assert [row[1:] for row in spent()] == [
        (date(2024, 1, 1), "search", None, Decimal(1)),
        (date(2024, 1, 2), "search", None, Decimal("1.55")),
    ]


def test_bad_rows_are_rejected_with_the_reason_and_may_be_replayed(home, tmp_path):
    bad = ["2024-01-32,search,,1", ",search,,1", "2024-01-02,,,1", "2024-01-02,search,,n/a", "2024-01-02,search,,"]
    (result,) = sources.load("ad_spend", write(tmp_path / "o.csv", *ROWS, *bad), home)
    assert (result.received, result.loaded, result.unreadable) == (7, 2, 5)
    query = """
        select line, reason, texts.raw_text
        from quarantine.unreadable_rows inner join pii.unreadable_texts as texts using (batch_id, line) order by line
    """
    assert db.rows(query) == [
        (4, "day '2024-01-32' is not a day", bad[0]),
        (5, "day is empty", bad[1]),
        (6, "channel is empty", bad[2]),
        (7, "amount 'n/a' is not a number with a decimal point and no marks between thousands", bad[3]),
        (8, "amount is empty", bad[4]),
    ]
    assert [replayed.result for replayed in sources.replay(home, "ad_spend")] == [None]


def test_totals_rows_are_loaded_under_the_name_of_their_filter(home, tmp_path):
    (home.home / "sources").mkdir()
    keys = {
        "kind": "spend", "day": "day", "channel": "channel", "amount": "amount", "campaign": "campaign",
        "filters": [{"rule": "totals_row", "column": "day", "matches": "^Total"}],
    }  # fmt: skip
    (home.home / "sources" / "ads.yml").write_text(yaml.safe_dump(keys))
    (result,) = sources.load("ads", write(tmp_path / "o.csv", *ROWS, "Total: account,,,12.50"), home)
    assert (result.received, result.loaded, result.unreadable, result.usable) == (3, 3, 0, 2)
    assert db.rows("select _line, day, amount, _rule from raw.channel_spend where _rule is not null") == [
        (4, None, Decimal("12.5"), "totals_row")
    ]


@pytest.mark.parametrize(
    ("lines", "header", "says"),
    [
        (["2024-01-01,1"], "day,amount", "has no column 'channel', which the mapping ad_spend reads"),
        (["2024-01-01,search,1,USD"], "day,channel,amount,currency", "in USD and the warehouse in EUR"),
        ([], "", "holds no line"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(home, tmp_path, lines, header, says):
    with db.connect() as connection:
        connection.execute("insert into ops.settings values ('currency', 'EUR')")
    with pytest.raises(ClvError) as failure:
        sources.load("ad_spend", write(tmp_path / "o.csv", *lines, header=header), home)
    assert says in str(failure.value)
    assert "\n" not in str(failure.value)
    assert spent() == db.rows("select 1 from raw.batches") == []


def test_the_last_delivery_counts_and_rows_of_one_file_add_up(home):
    ad = ("2024-01-01", "search", "50.00", "brand")
    deliver_spend([ad, ad, ("2024-01-02", "search", "1.00", "brand")], "january.csv")  # two ads of one campaign
    deliver_spend([("2024-01-02", "search", "2.00", "brand")], "corrected.csv")
    deliver_spend([("2024-01-03", "social", "5.00", "spring")], "february.csv")
    deliver_spend([("2024-01-03", "social", "6.00", "Spring 2024")], "february.csv")  # the campaign was renamed
    deliver_spend([("2024-04-01", "social", "7.00")], "march.csv", content="same")
    deliver_spend([("2024-01-04", "social", "7.00")], "march.csv", content="same", mapping="of mended dates")
    deliver_spend([("2024-01-05", "social", "8.00")], "rolling.csv")
    deliver_spend([("2024-01-06", "social", "9.00")], "rolling.csv")  # a file may begin where the previous one ended
    dbt.build("staging", {}, home)
    assert db.rows("select day::text, amount::text from staging.stg_channel_spend order by day, amount") == [
        ("2024-01-01", "50.00"), ("2024-01-01", "50.00"), ("2024-01-02", "2.00"), ("2024-01-03", "6.00"),
        ("2024-01-04", "7.00"), ("2024-01-05", "8.00"), ("2024-01-06", "9.00"),
    ]  # fmt: skip
    counts = "rows_received - rows_accepted - rows_set_aside - rows_duplicate - rows_unreadable"
    assert db.rows(f"select distinct {counts} from staging.stg_batch_counts") == [(0,)]


def test_a_shop_without_ad_spend_is_published_and_its_channels_are_empty(home):
    small.make_tables()
    small.make_orders()
    run_id = small.ready_run()
    small.make_views()
    small.execute("truncate analytics_runs.channel_value, analytics_runs.channel_spend")
    facts = publication.publish(date.fromisoformat(small.AS_OF), run_id)
    assert facts["rows"]["channel_value"] == 0
    assert db.rows("select 1 from analytics.channel_value_history") == []
