"""`clv sources` and the guess of `clv ingest`, without a warehouse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clv.cli import app
from clv.commands import sources
from clv.core.errors import ClvError
from clv.core.settings import Settings

ORDERS = "customer_id,order_id,ordered_at,amount\nann@x.test,1,2024-05-01,10\n"
UNKNOWN = "Kundennummer,Bestellnummer,Datum,Betrag\n1,A,2024-05-01,10\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLV_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "sources").mkdir(parents=True)
    return tmp_path


def mapping(place: Path, name: str, **keys: object) -> None:
    least = {"customer": "c", "order": "o", "time": "t", "amount": "a"}
    (place / "home" / "sources" / f"{name}.yml").write_text(json.dumps(least | keys))


def file(place: Path, content: str, name: str = "may.csv") -> Path:
    path = place / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


def test_a_guess_shows_what_is_read_and_the_command_that_loads_it(place):
    path = file(place, ORDERS)
    done = CliRunner().invoke(app, ["sources", "guess", str(path)])
    assert done.exit_code == 0
    assert "orders: A plain file of orders" in done.stdout
    assert "1 received, 1 usable" in done.stdout
    assert "ann@x.test" not in done.stdout
    assert f"`clv ingest --source orders --path {path}`" in done.stdout


def test_an_unknown_file_gets_a_draft_once(place):
    path = file(place, UNKNOWN)
    done = CliRunner().invoke(app, ["sources", "guess", str(path)])
    draft = place / "home" / "sources" / "may.yml.draft"
    assert done.exit_code == 0
    assert draft.read_text() in done.stdout
    assert draft.stat().st_mode & 0o077 == 0
    draft.write_text("edited")
    assert "is there already and stays as it is" in CliRunner().invoke(app, ["sources", "guess", str(path)]).stdout
    assert draft.read_text() == "edited"


def test_a_draft_takes_no_name_of_a_mapping(place):
    CliRunner().invoke(app, ["sources", "guess", str(file(place, UNKNOWN, "Orders.csv"))])
    assert [path.name for path in (place / "home" / "sources").iterdir()] == ["my_orders.yml.draft"]


def test_the_mappings_are_listed_with_what_they_read(place):
    mapping(place, "mine", description="My export.")
    done = CliRunner().invoke(app, ["sources", "list", "--json"])
    found = {row["source"]: row for row in json.loads(done.stdout)}
    assert found["mine"] == {"source": "mine", "kind": "orders", "from": "yours", "reads": "My export."}
    assert found["ad_spend"]["kind"] == "spend"


def guessed(place: Path, path: Path) -> str:
    return sources.guessed(path, Settings(place / "home", {}))


def test_the_source_of_a_file_is_guessed_and_that_of_a_folder(place):
    first = file(place, ORDERS, "in/a.csv")
    file(place, ORDERS.replace("1,2024", "2,2024"), "in/b.csv")
    assert guessed(place, first) == guessed(place, place / "in") == "orders"


@pytest.mark.parametrize(
    ("content", "keys", "message"),
    [
        ("c,o,t,a\n1,a,2024-05-01,1\n", {}, "fits the mappings one and two alike; look at one with `clv sources guess"),
        ("c,o,t,a\n1,a,31.5.24,1\n", {}, "has the columns of the mapping one, but cannot be read through it: most of"),
        ("c;o;t;a\n1;a;2024-05-01;1\n", {}, 'is written otherwise: it needs the line file: {delimiter: ";"}'),
        ("c,o,t,a\n1,a,2024-05-01,1\n", {"columns": {"country": "d", "status": "e"}}, "no mapping reads may.csv"),
        ("x,y\n1,2\n", {}, "no mapping reads may.csv; write the draft of one: `clv sources guess"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_certain_is_one_line(place, content, keys, message):
    for name in ("one", "two"):
        mapping(place, name, **keys)
    with pytest.raises(ClvError) as raised:
        guessed(place, file(place, content))
    assert message in str(raised.value)


def test_a_mapping_that_lacks_one_column_is_named_with_it(place):
    mapping(place, "mine", columns={"country": "land", "status": "state"})
    path = file(place, "c,o,t,a,state\n1,a,2024-05-01,1,paid\n")
    with pytest.raises(ClvError, match="would be read through the mapping mine, but has no column 'land'; export"):
        guessed(place, path)
    done = CliRunner().invoke(app, ["sources", "guess", str(path)])
    assert "note: may.csv would be read through the mapping mine" in done.stdout


def test_a_shipped_mapping_is_changed_in_a_copy(place):
    path = file(place, ORDERS.replace("2024-05-01", "31.5.2024"))
    with pytest.raises(
        ClvError, match=r"to change orders, copy .*orders.yml to .*my_orders.yml, and use the source my_"
    ):
        guessed(place, path)


def test_commands_to_paste_are_quoted(place):
    path = file(place, ORDERS, "büro 2024 (1) & $x.csv")
    done = CliRunner().invoke(app, ["sources", "guess", str(path)])
    assert f"`clv ingest --source orders --path '{path}'`" in done.stdout
    assert sources._path(Path("-dash.csv")) == "./-dash.csv"


def test_invalid_mappings_are_marked_and_stop_no_other(place):
    (place / "home" / "sources" / "mine.yml").write_bytes(b"description: f\xfcr mich\n")
    done = CliRunner().invoke(app, ["sources", "list", "--json"])
    found = {row["source"]: row for row in json.loads(done.stdout)}
    assert (found["mine"]["kind"], found["orders"]["kind"]) == ("invalid", "orders")
    done = CliRunner().invoke(app, ["sources", "guess", str(file(place, ORDERS))])
    assert done.exit_code == 0
    assert "note: the mapping mine is invalid and was not tried" in done.stdout


def test_one_mapping_alone_is_shown_if_named(place):
    mapping(place, "one")
    mapping(place, "two")
    path = file(place, "c,o,t,a\n1,a,2024-05-01,1\n")
    done = CliRunner().invoke(app, ["sources", "guess", str(path), "--source", "two"])
    assert "Load it: `clv ingest --source two" in done.stdout


def test_a_folder_of_several_sources_is_refused(place):
    mapping(place, "mine")
    file(place, ORDERS, "in/a.csv")
    file(place, "c,o,t,a\n1,a,2024-05-01,1\n", "in/b.csv")
    with pytest.raises(ClvError, match=r"are of several sources, such as a.csv \(orders\), b.csv \(mine\); load each"):
        guessed(place, place / "in")
