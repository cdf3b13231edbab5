"""Each metric equals an independent count of the same orders."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from raw_rows import customer, deliver, deliver_spend, line, predict
from rich.console import Console
from small_warehouse import let_analyst_in

from clv.catalog import dbt_project, tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.core.settings import PROJECT
from clv.reporting import analyst
from clv.transform import dbt, dictionary, metrics
from clv.warehouse import db

pytestmark = pytest.mark.set_up

AS_OF, RUN = "2024-06-01", "2024-06-01.1"
VARIABLES = {"as_of_date": AS_OF, "run_id": RUN}


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings) -> settings.Settings:
    """A published shop of two customers with three orders in two months, and one refund."""
    deliver([
        line("1", "2024-01-10 10:00", "20.00", channel="web", quantity=2, discount=5),
        line("2", "2024-02-10 09:00", "40.00", channel="shop", quantity=3),
        line("3", "2024-02-11 09:00", "60.00", who="b", channel="web"),
        line("r3", "2024-03-01 09:00", "-10.00", who="b"),
    ])  # fmt: skip
    deliver_spend([("2024-01-01", "web", "4.00"), ("2024-02-29", "web", "6.00")], "ads.csv")
    for layer in ("staging", "intermediate", "features"):
        dbt.build(layer, VARIABLES, module_home)
    predict(AS_OF, RUN, a=(0.75, 100.0), b=(0.25, 50.0))
    dbt.build("analytics", VARIABLES, module_home)
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (AS_OF, RUN),
        )
    return module_home


def answer(home: settings.Settings, names: list[str], by: list[str], where: list[str] | None = None) -> list[tuple]:
    """The result of the metric's query as text, executed as the analyst."""
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        found = connection.execute(metrics.sql(names, by, where or [], home)).fetchall()  # type: ignore[arg-type]
    return [tuple(str(value) for value in row) for row in found]


def test_metrics_over_time(shop: settings.Settings):
    found = answer(shop, ["revenue", "orders", "active_customers"], ["month"])
    assert [(row[0][:7], float(row[1]), *row[2:]) for row in found] == [
        ("2024-01", 20.0, "1", "1"),
        ("2024-02", 90.0, "2", "2"),
    ]


def test_metrics_by_a_dimension(shop: settings.Settings):
    found = answer(shop, ["revenue", "average_order_value"], ["order__channel"])
    assert [(row[0], float(row[1]), float(row[2])) for row in found] == [("shop", 40.0, 40.0), ("web", 70.0, 35.0)]
    loyal = answer(shop, ["revenue"], [], ["{{ Dimension('order__channel') }} = 'web'"])
    assert float(loyal[0][0]) == 70.0


def test_metrics_over_lines(shop: settings.Settings):
    found = answer(shop, ["items_sold", "product_revenue", "refund_rate"], ["order_line__product"])
    assert [(row[0], *map(float, row[1:])) for row in found] == [("pen", 5.0, 110.0, pytest.approx(10 / 120))]
    ((rate, gross),) = answer(shop, ["discount_rate", "list_revenue"], [])
    assert (float(rate), float(gross)) == (5 / 125, 125.0)


def test_metrics_over_customers(shop: settings.Settings):
    names = ["customers", "predicted_clv", "churn_rate", "repeat_rate"]
    ((customers, clv, churn, repeat),) = answer(shop, names, [])
    assert (customers, float(clv), float(churn), float(repeat)) == ("2", 135.0, 0.5, 0.5)


def test_value_of_acquired_customers_over_their_cost(shop: settings.Settings):
    ((ratio, value, spend),) = answer(shop, ["ltv_to_cac", "acquisition_value", "acquisition_spend"], [])
    assert (float(spend), float(value)) == (10.0, 20 + 40 + 50 + 135)
    assert float(ratio) == 24.5


def test_every_metric_is_listed_and_answers(shop: settings.Settings):
    listed = metrics.listed(shop)
    assert {"revenue", "profit", "predicted_clv", "active_customers", "churn_rate", "repeat_rate", "ltv_to_cac"} <= {
        one.name for one in listed
    }
    for one in listed:
        assert one.description
        assert one.unit in ("money", "count", "share", "ratio"), one.name
        assert answer(shop, [one.name], one.by[-1:]), one.name


def test_answers_are_made_for_reading(shop: settings.Settings):
    let_analyst_in(shop)
    out = Console(file=io.StringIO(), width=200, highlight=False)
    query = metrics.sql(["revenue", "repeat_rate"], ["quarter"], [], shop)
    analyst.query(query, shop, out, readable=lambda *answer: metrics.readable(*answer, shop))
    cells = [line.strip("│").split("│") for line in out.file.getvalue().splitlines() if "2024" in line]  # type: ignore[attr-defined]
    assert [[cell.strip() for cell in row] for row in cells] == [["2024-Q1", "110.00", ""], ["2024-Q2", "", "50.0 %"]]
    names, rows = metrics.readable(
        ["metric_time__month", "repeat_rate"], [(datetime(2024, 5, 1, tzinfo=UTC), 0.5)], shop, False
    )
    assert (names, list(rows)) == (["month", "repeat_rate"], [("2024-05", 0.5)])


def test_new_and_returning_customers(shop: settings.Settings):
    found = answer(shop, ["revenue", "orders"], ["order__customer_type"])
    assert [(row[0], float(row[1]), row[2]) for row in found] == [("new", 70.0, "2"), ("returning", 40.0, "1")]
    found = answer(shop, ["customers"], ["customer__cohort_month", "customer__first_channel"])
    assert found == [("2024-01", "web", "1"), ("2024-02", "web", "1")]


def test_personas_of_a_run_from_before_they_had_names_go_by_their_id(shop: settings.Settings):
    named = {"a": ("big-spenders", "big spenders"), "b": ("newcomers", None)}
    with db.connect() as connection:
        for who, (persona, name) in named.items():
            connection.execute(
                "update analytics_runs.customer_segments set persona = %s, persona_name = %s where customer_key = %s",
                (persona, name, customer(who)),
            )
    found = answer(shop, ["customers"], ["customer__persona"])
    with db.connect() as connection:
        connection.execute("update analytics_runs.customer_segments set persona = null, persona_name = null")
    assert found == [("big spenders", "1"), ("newcomers", "1")]


def test_dbt_is_called_once_for_an_unchanged_project(shop: settings.Settings, monkeypatch: pytest.MonkeyPatch):
    dbt.semantics(shop)
    monkeypatch.setattr(dbt, "_invoke", lambda *_, **__: pytest.fail("dbt was started"))
    assert metrics.sql(["revenue"], ["month"], [], shop)
    monkeypatch.setattr(dbt_project, "PROJECT", dbt_project.PROJECT / "models")  # as if the project had changed
    with pytest.raises(pytest.fail.Exception, match="dbt was started"):
        dbt.semantics(shop)


@pytest.mark.parametrize(
    ("names", "by", "says"),
    [
        (["sales"], [], "there is no metric 'sales'; there are acquisition_spend, "),
        (["revenue"], ["x"], "revenue cannot be grouped by 'x'; possible are day, week"),
        (["revenue"], ["segment"], "revenue cannot be grouped by 'segment'; did you mean customer__segment?"),
        (["revenue"], ["customer__segmnt"], "revenue cannot be grouped by 'customer__segmnt'; did you mean customer__"),
    ],
)
def test_an_unknown_name_is_one_line(shop: settings.Settings, names: list[str], by: list[str], says: str):
    with pytest.raises(ClvError, match=re.escape(says)):
        metrics.sql(names, by, [], shop)


def test_a_condition_that_cannot_be_read_is_one_line(shop: settings.Settings):
    with pytest.raises(ClvError, match="this query is not possible: ") as caught:
        metrics.sql(["revenue"], [], ["{{ Dimension('order__colour') }} = 'red'"], shop)
    assert "\n" not in str(caught.value)


def test_the_dictionary_in_docs_is_the_warehouses(shop: settings.Settings):
    text = dictionary.markdown()
    assert "| `predicted_clv` | numeric(18,2) | Predicted profit discounted to as_of_date" in text
    kept = (PROJECT / "docs" / "data-dictionary.md").read_text()
    assert kept == text, "write it anew: clv dictionary --out docs/data-dictionary.md"


def test_dbts_own_documentation_is_one_page(shop: settings.Settings):
    page = dbt.document(shop)
    assert page == shop.reports / "dbt" / "index.html"
    assert "contactable_customers" in page.read_text()
