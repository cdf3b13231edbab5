"""The pages over a real warehouse: a list is read, approved, exported and revoked, and each act is logged."""

from __future__ import annotations

import time

import exported
import listed
import pytest
import raw_rows
from visiting import SECRET, Visitor, token

from clv.catalog import tables
from clv.core import settings
from clv.decisions.experiments.definitions import Definition
from clv.marketing import exports
from clv.warehouse import db

pytestmark = pytest.mark.set_up


@pytest.fixture
def visitor(home: settings.Settings, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    listed.publish(home)
    (home.secrets / "airflow_secret_key").write_text(SECRET)
    exported.declare(home, "crm", to="file", columns=["customer_id", "reason"])
    key = raw_rows.customer("a")
    with db.connect() as connection:
        connection.execute(
            "insert into pii.customers (customer_key, source, customer_id) values (%s, 'orders', 'ann')", (key,)
        )
        connection.execute(
            """insert into analytics_runs.dim_customer (as_of_date, run_id, customer_key, orders_count, tenure_days,
                may_be_contacted) values (%s, %s, %s, 1, 1, true)""",
            (listed.DAY, f"{listed.DAY}.2", key),
        )
    return Visitor(monkeypatch, home)


def wait_for_receipt() -> None:
    """Waits for the export that a page started."""
    until = time.monotonic() + 60
    while exports.is_under_way("win_back") and time.monotonic() < until:
        time.sleep(0.1)


def test_a_list_from_its_page_to_the_receipt(visitor: Visitor):
    assert "Win back" in visitor.get("/lists").text
    fields = {"form_token": token(), "as_of": str(listed.DAY)}
    assert visitor.post("/lists/win_back/export", fields | {"destination": "crm"}).status_code == 303
    wait_for_receipt()
    page = visitor.get("/lists/win_back").text
    assert "crm: the list win_back of 2024-06-01 is not approved" in page
    assert "silent for 90 days" in page

    done = visitor.post("/lists/win_back/approve", fields).headers["location"].removeprefix("/marketing")
    assert "win_back of 2024-06-01 approved by anna: 1 customers to act on, 1 held out" in visitor.get(done).text
    done = visitor.post("/lists/win_back/export", fields | {"destination": "crm"}).headers["location"]
    assert visitor.get(done.removeprefix("/marketing")).headers.get("refresh") == "2"
    wait_for_receipt()
    page = visitor.get(done.removeprefix("/marketing"))
    assert "refresh" not in page.headers
    assert "exported   win_back of 2024-06-01 to crm: 1 customer" in page.text
    path = visitor.home.home / "exports" / "crm" / "win_back-2024-06-01.csv"
    assert path.read_text() == "customer_id,reason\nann,silent for 90 days\n"
    assert "<td>crm</td><td>sent</td>" in page.text

    visitor.post("/lists/win_back/revoke", fields)
    assert "waiting for approval" in visitor.get("/lists/win_back").text
    of_log = db.rows(f"select acted_by, act, subject from {tables.ACTS} order by act_id")
    acts = ["export", "export failed", "approve", "export", "exported", "revoke"]
    assert of_log == [("anna", act, "list win_back") for act in acts]


def test_other_dates_customers_and_experiments_open(visitor: Visitor):
    assert "Lists of 2024-05-01" in visitor.get("/lists?as_of=2024-05-01").text
    second = visitor.get("/lists/win_back/customers?after=1").text
    assert "silent for 80 days" in second
    assert "silent for 90 days" not in second
    assert "there is no list lost" in visitor.get("/lists/lost").text
    assert "None was started yet." in visitor.get("/experiments").text
    assert "there is no experiment &#39;spring&#39;" in visitor.get("/experiments/spring").text


def test_an_experiment_from_its_read_out_to_its_stop(visitor: Visitor):
    with db.connect() as connection:
        connection.execute(
            f"""insert into {tables.EXPERIMENTS} (experiment, started_on, run_id, definition, customers)
            values ('mail', %s, %s, %s, '{{"act": 40, "control": 41}}')""",
            (listed.BEFORE, f"{listed.BEFORE}.1", Definition().model_dump_json()),
        )
        connection.execute(
            f"""
            insert into {tables.EXPERIMENT_RESULTS} (experiment, as_of_date, metric, arm, control, state, started_on,
                window_days, days_read, customers, control_customers, mean, control_mean, adjusted_difference,
                always_valid_low, always_valid_high, sample_ratio_p, currency, message)
            values ('mail', %s, 'revenue', 'act', 'control', 'running', %s, 60, 31, 40, 40, 12, 10, 2, -1, 5, 0.4,
                'GBP', 'So far, no difference.')
            """,
            (listed.DAY, listed.BEFORE),
        )
    assert "day 31 of 60; the result comes on 2024-06-30; act 40; control 41" in visitor.get("/experiments").text
    page = visitor.get("/experiments/mail").text
    assert "<b>So far, no difference.</b>" in page
    assert "-1.00 to 5.00" in page
    done = visitor.post("/experiments/mail/stop", {"form_token": token()}).headers["location"]
    page = visitor.get(done.removeprefix("/marketing")).text
    assert "mail is stopped: days from 2024-06-01 on do not count" in page
    assert "<form" not in page
    again = visitor.post("/experiments/mail/stop", {"form_token": token()})
    assert again.status_code == 409
    assert "mail was stopped on 2024-06-01" in again.text
