"""Situations that shop people reported in public, and typical exports of shop programs, from the files to the published
rows. Each folder in cases/ is one case.

case.yml states what was `reported` and `where`, the `mapping`, the `deliveries` in order, and what must be published:
net revenue of all `customers`, of `orders`, and the reasons of all rows `rejected`. The folder has a mapping and small
files written for it. All cases are loaded into one warehouse and processed by one run, with separate ids. Steps other
than a file: {file: NAME, refused: PATTERN} for a file that is refused with this message, {withdraw: NAME} and {restore:
NAME}.
"""

from __future__ import annotations

from datetime import date

import pytest
import reported_cases
from reported_cases import CASES, Case
from shared_reports import REPORTED, shared_cases

from clv.catalog import tables
from clv.core import settings
from clv.pipeline import daily
from clv.warehouse import db

pytestmark = pytest.mark.set_up

AS_OF = date(2024, 9, 1)
OURS = [reported_cases.read(folder) for folder in sorted(CASES.iterdir()) if folder.is_dir()]
ALL = [*OURS, *shared_cases()]


@pytest.fixture(scope="module")
def run_id(module_home: settings.Settings) -> str:
    """Loads the deliveries of every case and runs the whole pipeline; returns the id of the run."""
    (module_home.home / "shop.json").write_text('{"currency": "USD"}')
    home = settings.load()
    for case in ALL:
        reported_cases.deliver(case, home)
    return daily.run(AS_OF)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


every_case = pytest.mark.parametrize("case", ALL, indirect=True, ids=lambda case: case.name)


def test_the_run_is_published(run_id: str):
    assert db.rows(f"select run_id from {tables.PUBLICATIONS}") == [(run_id,)]


@every_case
def test_customers_orders_and_reasons_are_right(run_id: str, case: Case):
    assert reported_cases.published_customers(case) == case.customers
    orders = reported_cases.published_orders(case)
    assert {order: orders.get(order) for order in case.orders} == case.orders
    found = reported_cases.rejected(case)
    assert reported_cases.agree(found, case.rejected), found
    if case.duplicates is not None:
        assert reported_cases.duplicates(case) == case.duplicates


@pytest.mark.skipif(not REPORTED.is_dir(), reason=f"the reporters' own files are not here ({REPORTED} is absent)")
def test_the_reporters_own_files_are_among_them():
    assert shared_cases()
