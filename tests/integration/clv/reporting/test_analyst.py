"""What an analyst may query, and the message when a query is not allowed."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
import small_warehouse as small
from rich.console import Console
from typer.testing import CliRunner

from clv import cli
from clv.commands.runs import show
from clv.core import settings
from clv.core.errors import ClvError
from clv.platform import headline
from clv.reporting import analyst
from clv.warehouse import publication


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    small.make_tables()
    small.make_views()
    small.let_analyst_in(home)
    return home


def printed(action, *arguments, seconds: float | None = None) -> str:
    out = Console(file=io.StringIO(), width=200, highlight=False)
    action(*arguments, out, *([] if seconds is None else [seconds]))
    return out.file.getvalue()  # type: ignore[attr-defined]


def test_a_query_is_printed_as_a_table(shop: settings.Settings) -> None:
    text = printed(analyst.query, "select 1234567 as n, 'a [b]' as t, null as nothing, E'\\x1b[31mred' as bad", shop)
    assert "1,234,567" in text
    assert "a [b]" in text
    assert r"\x1b[31mred" in text
    assert "\x1b" not in text
    assert "1 row\n" in text


def test_texts_that_look_like_markup_are_shown_as_they_are(shop: settings.Settings) -> None:
    text = printed(analyst.query, r"""select '\[/x]' as "[/red]", '[bold]b' as t""", shop)
    assert r"\[/x]" in text
    assert "[/red]" in text
    assert "[bold]b" in text


def test_no_rows_still_show_the_columns(shop: settings.Settings) -> None:
    names, rows = analyst.fetch("select run_id from analytics.publications", shop)
    assert (names, rows) == (["run_id"], [])


def test_a_narrow_terminal_loses_no_column(shop: settings.Settings) -> None:
    out = Console(file=io.StringIO(), width=20, highlight=False)
    analyst.query("select 'the whole of a long text' as one, 12345678 as two", shop, out)
    line = next(line for line in out.file.getvalue().splitlines() if "12,345,678" in line)  # type: ignore[attr-defined]
    assert "the whole of a long text" in line


def test_only_the_first_rows_are_shown(shop: settings.Settings) -> None:
    text = printed(analyst.query, "select n from generate_series(1, 5000) as n", shop)
    assert "the first 200 rows" in text
    assert "201" not in text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select * from raw.order_lines", "analysts read only the schema analytics, which `clv dictionary` describes"),
        ("select * from pii.customers", "analysts read only the schema analytics"),
        ("select * from analytics_runs.customer_clv", "analysts read only the schema analytics"),
        ("select * from analytics.nonsense", "does not exist; `clv dictionary` describes the tables that there are"),
        ("select * from customer_clvs", "did you mean analytics.customer_clv or analytics.customer_clv_"),
        ("select * from analytics.win_back", "does not exist; it is declared but not built: run `clv up`"),
        ("selec 1", "syntax error"),
        ("create table analytics.mine (n int)", "read-only transaction; analysts have read access only"),
        ("delete from analytics.publications", "analysts have read access only"),
        ("delete from analytics.customer_clv", 'cannot delete from view "customer_clv"; analysts have read access'),
    ],
)
def test_a_wrong_query_gives_one_line(shop: settings.Settings, query: str, says: str) -> None:
    with pytest.raises(ClvError) as error:
        analyst.fetch(query, shop)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_the_summary_shows_tiers_and_segments_with_their_money(shop: settings.Settings) -> None:
    with pytest.raises(ClvError, match="nothing is published yet"):
        analyst.summary(shop)
    publication.publish(date.fromisoformat(small.AS_OF), small.ready_run())
    text = printed(analyst.summary, shop)
    assert "Value tiers on 2011-06-01, money in GBP" in text
    assert "Segments on 2011-06-01" in text
    loyal = next(line for line in text.splitlines() if "loyal" in line)
    assert [cell.strip() for cell in loyal.strip("│").split("│")][1:5] == ["1", "33.3", "35", "14"]
    assert "note:" not in text
    small.execute("update analytics_runs.segment_summary set profit_basis = 'revenue', customers_consent_unknown = 2")
    notes = [line for line in printed(analyst.summary, shop).splitlines() if line.startswith("note:")]
    assert [line.split(" are ")[0] for line in notes] == [
        "note: no cost of goods is known, so profit and customer value",
        "note: 4 customers were never asked for consent and",
    ]


def clv(*arguments: str, stdin: str | None = None):
    return CliRunner().invoke(cli.app, arguments, input=stdin)


def test_a_query_comes_from_a_file_or_from_standard_input(shop: settings.Settings, tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text("select 1 as one")
    for done in (clv("sql", "-f", str(file), "--csv"), clv("sql", "-", "--csv", stdin="select 1 as one")):
        assert (done.exit_code, done.stdout) == (0, "one\n1\n")
    assert clv("sql").exit_code == clv("sql", "select 1", "--csv", "--json").exit_code == 2
    missing = clv("sql", "-f", str(tmp_path / "none.sql")).exception
    assert isinstance(missing, ClvError)
    assert str(missing).endswith("none.sql cannot be read (No such file or directory)")


def test_a_query_that_fails_writes_no_rows(shop: settings.Settings) -> None:
    done = clv("sql", "select 1 / 0 as one", "--csv")
    assert (done.exit_code, done.stdout) == (1, "")


def test_the_headline_of_a_date_shows_customers_forecast_and_page(shop: settings.Settings) -> None:
    day = date.fromisoformat(small.AS_OF)
    assert headline.of(day, shop) is None
    publication.publish(day, small.ready_run())
    found = headline.of(day, shop)
    assert found
    # Each of three customers has a predicted value of 14.
    assert found.line() == "3 customers; forecast: 42 GBP of predicted value over 365 days"
    text = printed(show, day, shop, seconds=75.0)
    for expected in (
        "Value tiers on 2011-06-01", "published  2011-06-01, run 2011-06-01.1", "customers  3", "took       1 min 15 s",
    ):  # fmt: skip
        assert expected in text
    assert "Segments" not in text


def test_a_headline_without_a_forecast_says_why(shop: settings.Settings) -> None:
    run_id = small.ready_run()
    small.execute(
        "update analytics_runs.customer_clv set status = 'too_little_data', predicted_clv = null,"
        " status_reason = '9 days of orders, 180 needed'"
    )
    publication.publish(date.fromisoformat(small.AS_OF), run_id)
    text = printed(show, date.fromisoformat(small.AS_OF), shop, seconds=5.0)
    assert "forecast   none, 9 days of orders, 180 needed" in text
