"""Destinations: their declarations, and that sending a batch again changes nothing."""

from __future__ import annotations

import csv
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import exported
import pytest
import sqlalchemy as sa
from small_service import Incoming, Reply, serving

from clv.core.errors import ClvError, Unavailable
from clv.core.settings import Settings
from clv.decisions.exporting import columns, declaration, files, other_tables, services
from clv.decisions.exporting.ledger import Batch, Listed, Scope
from clv.sources.fetching import service
from clv.sources.fetching.secrets import Secrets

SCOPE = Scope("win_back", date(2024, 6, 1), "crm")
BATCH = Batch(1, "a1", "2024-06-01.1", [])
ANNA = Listed(UUID(int=1), 1, "email", "offer", "=silent", Decimal("10.50"), None, None, "7", " Anna@Example.com", None)
ANNAS_HASH = "f7d54c22dda5b1780276601cd005909b70543fc4a6ba72d735b4cb9bbb611f01"  # sha256sum of anna@example.com


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path, {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"to": "pigeon"}, "crm.yml: 'to' is one of file, http, table"),
        ({"to": "file", "column": ["email"]}, "crm.yml: 'column': is not a key of this part; remove it"),
        ({"to": "file", "columns": ["name"]}, "crm.yml: 'columns.0': Input should be 'customer_id'"),
        (
            {"to": "http", "url": "http://crm.example"},
            "crm.yml: 'url': begins with http://, so anybody on the way could",
        ),
        ({"to": "http", "url": " HTTP://crm.example"}, "crm.yml: 'url': begins with http://, so anybody"),
        ({"to": "file", "lists": ["vip"]}, "crm.yml: 'lists' goes out every day, so whoever stays on a list would be"),
        ({"to": "table", "table": "t"}, "crm.yml: 'url': is missing; write it"),
        ({"to": "file", "cap": {"contacts": 0, "days": 7}}, "crm.yml: 'cap.contacts': Input should be greater"),
    ],
)
def test_a_mistake_in_a_declaration_is_one_line(home, content, message):
    exported.declare(home, "crm", **content)
    with pytest.raises(ClvError) as raised:
        declaration.load("crm", home)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("name", ["mail", "../destinations/crm"])
def test_an_unknown_destination_names_those_that_are_there(home, name):
    exported.declare(home, "crm", to="file")
    with pytest.raises(ClvError, match=r"there is no destination '.*': write .*docs/acting.md\); declared are crm$"):
        declaration.load(name, home)


def test_only_the_named_columns_go_out_and_an_audience_is_a_hash():
    values = columns.values(ANNA, SCOPE, ["email_sha256", "list_name", "value_at_stake"])
    assert values == {"email_sha256": ANNAS_HASH, "list_name": "win_back", "value_at_stake": Decimal("10.50")}


def test_a_file_is_safe_for_spreadsheets_its_owners_and_the_same_when_it_is_sent_again(home):
    row = columns.values(ANNA, SCOPE, ["customer_id", "reason", "as_of_date"])
    path = files.place(home, SCOPE, 1)
    for _ in range(2):
        files.send(home, SCOPE, BATCH, [row])
        assert path.read_text() == "customer_id,reason,as_of_date\n7,'=silent,2024-06-01\n"
    assert path == home.home / "exports" / "crm" / "win_back-2024-06-01.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    assert files.place(home, SCOPE, 2).name == "win_back-2024-06-01-2.csv"


def test_a_persons_rows_are_removed_from_files_and_others_stay_as_they_are(home):
    rows = [{"customer_id": one, "place": 7, "reason": "-5"} for one in ("7", "+49 1", "70")]
    files.send(home, SCOPE, BATCH, rows)
    path = files.place(home, SCOPE, 1)
    os.utime(path, (1e9, 1e9))
    path.with_name(f"{path.name}.partial").write_text("7")
    assert files.remove(home, {"7", "+49 1"}, []) == ([path], [])
    with path.open() as file:
        # Place 7 is no id 7.
        assert list(csv.reader(file)) == [["customer_id", "place", "reason"], ["70", "7", "'-5"]]
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.stat().st_mtime == 1e9  # retention goes by it
    assert files.remove(home, {"7"}, []) == ([], [])


@pytest.mark.parametrize(
    ("column", "value"), [("email", "ANNA@example.com"), ("email_sha256", ANNAS_HASH), ("customer_id", "7")]
)
def test_a_person_is_found_by_id_address_or_hash_in_files_of_subfolders_too(home, column, value):
    path = home.home / "exports" / "crm" / "sent in june" / "win_back-2024-06-01.csv"
    path.parent.mkdir(parents=True)
    path.write_text(f"\ufeffreason,{column}\r\nsilent,{value}\r\nsilent,other\r\n\r\n", encoding="utf-8")  # from Excel
    assert files.remove(home, {"7"}, {"anna@example.com"}) == ([path], [])
    assert path.read_text() == f"reason,{column}\nsilent,other\n"


@pytest.mark.parametrize(
    "saved",
    ["customer_id\n7\n".encode("utf-16"), b"customer_id;email\n7;x\n", b"email\n\xe4@x\n", b"email\n7,8\n", b""],
)
def test_a_file_that_was_saved_in_another_form_is_named_and_stays(home, saved):
    path = home.home / "exports" / "crm" / "win_back.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(saved)
    assert files.remove(home, {"7"}, []) == ([], [path])
    assert path.read_bytes() == saved


def test_old_files_are_removed_and_folders_stay(home):
    (home.home / "exports" / "crm" / "old").mkdir(parents=True)
    old, new = (home.home / "exports" / "crm" / name for name in ("old/a.csv", "b.csv"))
    for path, written in ((old, 1e9), (new, 2e9)):
        path.write_text("")
        os.utime(path, (written, written))
    assert files.remove_older(home, datetime(2020, 1, 1, tzinfo=UTC)) == 1
    assert (old.exists(), new.exists()) == (False, True)


def test_a_file_that_cannot_be_written_is_one_line(home):
    (home.home / "exports").write_text("")
    with pytest.raises(
        ClvError, match=r"win_back-2024-06-01.csv cannot be written \(.*\); make room or allow it, then"
    ):
        files.send(home, SCOPE, BATCH, [{"customer_id": "7"}])


def test_a_table_is_made_and_has_a_batch_once(home, tmp_path):
    declared = declaration.Table.model_validate(
        {"to": "table", "url": f"sqlite:///{tmp_path}/crm.db", "table": "lists", "columns": ["customer_id", "place"]}
    )
    rows = [{"customer_id": "7", "place": 1}, {"customer_id": "8", "place": 2}]
    for key in ("a1", "a1", "a2"):
        other_tables.send(declared, Secrets(home), SCOPE, Batch(1, key, "", []), rows[: 2 if key == "a1" else 1])
    with sa.create_engine(declared.url).connect() as connection:
        found = connection.execute(sa.text("select * from lists order by 3, 2")).fetchall()
    assert [tuple(row) for row in found] == [("7", 1, "a1"), ("8", 2, "a1"), ("7", 1, "a2")]


def test_a_table_without_these_columns_is_one_line(home, tmp_path):
    with sa.create_engine(f"sqlite:///{tmp_path}/crm.db").begin() as connection:
        connection.execute(sa.text("create table lists (customer_id text)"))
    declared = declaration.Table.model_validate(
        {"to": "table", "url": f"sqlite:///{tmp_path}/crm.db", "table": "lists"}
    )
    # Without the database's text, which may quote a customer.
    with pytest.raises(ClvError, match=r"^the database cannot be written \(OperationalError\); check `url`, and the"):
        other_tables.send(declared, Secrets(home), SCOPE, BATCH, [{"customer_id": "7"}])


def sending(home: Settings, url: str, content: dict, **declared) -> None:
    made = declaration.Http.model_validate({"to": "http", "url": f"{url}/lists", **declared})
    with service.Service(made, Secrets(home)) as connected:
        services.send(connected, SCOPE, BATCH, [content])


def test_a_request_is_repeated_with_its_key_until_it_is_confirmed(home, monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(service, "sleep", pauses.append)
    faults = [
        Reply(status=429, headers={"Retry-After": "7"}), Reply({}, cut=1), Reply(status=409), Reply(status=503),
        Reply(b"", status=204),
    ]  # fmt: skip
    received: list[Incoming] = []

    def answer(incoming: Incoming) -> Reply:
        received.append(incoming)
        return faults[len(received) - 1]

    with serving(answer) as url:
        sending(home, url, {"customer_id": "7", "value_at_stake": Decimal("10.50"), "as_of_date": date(2024, 6, 1)})
    expected = {"customer_id": "7", "value_at_stake": 10.5, "as_of_date": "2024-06-01"}
    assert [one.body for one in received] == [
        {"list": "win_back", "as_of_date": "2024-06-01", "customers": [expected]}
    ] * 5
    assert {one.headers["Idempotency-Key"] for one in received} == {"a1"}
    assert pauses == [7, 2, 4, 8]


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        (Reply("invalid email 7@x.example", status=422), ClvError, r"refuses the request \(status 422\); correct the"),
        (Reply(status=401), ClvError, r"refuses the secret \(status 401\); declare one under `headers`"),
        (Reply(status=301, headers={"Location": "/x"}), ClvError, r"has moved \(status 301\); nothing is sent there"),
        (Reply(status=500), Unavailable, r"does not answer \(status 500\); what it confirmed before stays sent; check"),
    ],
)
def test_a_service_that_takes_nothing_is_one_line(home, monkeypatch, reply, kind, message):
    monkeypatch.setattr(service, "sleep", lambda _: None)
    with serving(lambda _: reply) as url, pytest.raises(kind, match=message):
        sending(home, url, {"customer_id": "7"})


@pytest.mark.parametrize(
    ("before", "may_be_taken"),
    [([], False), ([Reply(status=429)], False), ([Reply(status=503)], True), ([Reply({}, cut=0)], True)],
)
def test_a_refusal_says_whether_an_earlier_try_may_have_been_taken(home, monkeypatch, before, may_be_taken):
    monkeypatch.setattr(service, "sleep", lambda _: None)
    replies = iter([*before, Reply(status=422)])
    with serving(lambda _: next(replies)) as url, pytest.raises(service.Refused) as raised:
        sending(home, url, {"customer_id": "7"})
    assert raised.value.may_be_taken is may_be_taken


def test_requests_keep_the_declared_pause(home, monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(service, "sleep", pauses.append)
    with serving(lambda _: Reply({})) as url:
        made = declaration.Http.model_validate({"to": "http", "url": url, "pause": 30})
        with service.Service(made, Secrets(home)) as connected:
            for _ in range(2):
                services.send(connected, SCOPE, BATCH, [{"customer_id": "7"}])
    assert len(pauses) == 1
    assert 0 < pauses[0] <= 30
