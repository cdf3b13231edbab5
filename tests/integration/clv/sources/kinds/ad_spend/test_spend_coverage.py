"""A delivery of ad spend replaces the day, channel and campaign of each of its rows, accepted or rejected."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from clv import sources
from clv.core import settings
from clv.transform import dbt
from clv.warehouse import db

pytestmark = pytest.mark.set_up

LEAST = {"kind": "spend", "day": "day", "channel": "channel", "amount": "cost", "campaign": "campaign"}
PAUSED = {"filters": [{"rule": "paused", "column": "state", "equals": "paused"}]}
HEADER = "day,channel,campaign,cost,state\n"
MONDAY = HEADER + "2024-05-06,search,brand,10.00,{0}\n2024-05-06,social,spring,5.00,{0}\n"
TUESDAY = "2024-05-07,search,brand,7.00,on\n"

# name: (deliveries in order, each with file, text and additional keys of the mapping; the spend by day at the end)
CASES: dict[str, tuple[list[tuple[str, str, dict]], dict[str, str]]] = {
    "a_whole_day_is_rejected": (
        [("a.csv", MONDAY.format("on") + TUESDAY, {}), ("b.csv", MONDAY.format("paused") + TUESDAY, PAUSED)],
        {"2024-05-07": "7.00"},
    ),
    "one_campaign_is_rejected": (
        [
            ("a.csv", MONDAY.format("on"), {}),
            ("b.csv", HEADER + "2024-05-06,social,spring,5.00,paused\n", PAUSED),
        ],
        {"2024-05-06": "10.00"},
    ),
    "the_same_file_read_by_a_mapping_that_rejects_all_of_it": (
        [("a.csv", MONDAY.format("paused"), {}), ("a.csv", MONDAY.format("paused"), PAUSED)],
        {},
    ),
    "a_file_of_the_same_name_rejects_a_campaign_that_has_a_new_name": (
        [
            ("a.csv", MONDAY.format("on"), {}),
            ("a.csv", HEADER + "2024-05-06,social,Spring 2024,5.00,paused\n", PAUSED),
        ],
        {"2024-05-06": "10.00"},
    ),
    "a_totals_row_without_a_day_replaces_nothing": (
        [
            ("a.csv", MONDAY.format("on"), {}),
            (
                "b.csv",
                HEADER + TUESDAY + "Total,,,7.00,\n",
                {"filters": [{"rule": "totals", "column": "day", "equals": "Total"}]},
            ),
        ],
        {"2024-05-06": "15.00", "2024-05-07": "7.00"},
    ),
    "an_older_file_does_not_reject_what_a_newer_one_brings": (
        [("a.csv", MONDAY.format("paused"), PAUSED), ("b.csv", MONDAY.format("on"), PAUSED)],
        {"2024-05-06": "15.00"},
    ),
}


@pytest.fixture(scope="module")
def spent(module_home: settings.Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Decimal]]:
    """Returns the spend by day for each case, which is a source of its own."""
    (module_home.home / "sources").mkdir()
    folder: Path = tmp_path_factory.mktemp("files")
    for name, (deliveries, _) in CASES.items():
        for file, text, keys in deliveries:
            (module_home.home / "sources" / f"{name}.yml").write_text(yaml.safe_dump({**LEAST, **keys}))
            (folder / file).write_text(text)
            sources.load(name, folder / file, module_home)
    dbt.build("staging", {}, module_home)
    found = db.rows("select source, day::text, sum(amount) from staging.stg_channel_spend group by 1, 2")
    return {name: {day: amount for source, day, amount in found if source == name} for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_a_delivery_replaces_what_it_has_rows_of(spent, name):
    assert spent[name] == {day: Decimal(amount) for day, amount in CASES[name][1].items()}


def test_every_row_is_accounted_for(spent):
    unaccounted = """
        select * from staging.stg_batch_counts
        where rows_received <> rows_accepted + rows_rejected + rows_duplicate + rows_replaced + rows_withdrawn
    """
    assert db.rows(unaccounted) == []
