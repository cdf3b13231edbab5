"""Files with mistakes, and what `clv ingest`, `clv batches` and `clv rejects` show about them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import small_warehouse as small
from typer.testing import CliRunner

from clv import cli
from clv.core import settings
from clv.core.errors import ClvError
from clv.reporting import analyst, gates
from clv.transform import dbt
from expectations.gates import judge

HEADER = "order_id,customer_id,ordered_at,amount\n"
DATES = HEADER + "1,anna@example.com,14.09.2025,10.00\n2,b,15.09.2025,12.00\n3,c,16.09.2025,12.00\n"
MIXED = HEADER + "1,a,2025-01-02,10.00\n2,,2025-01-03,10.00\n3,c,2025-01-04,Anna Smith\n4,c,2025-01-04,Bob\n"
DAY, RUN = "2025-06-01", "2025-06-01.1"


def clv(*arguments: str) -> tuple[int, str]:
    """Runs a command; returns the exit code and the output, with the error message last."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, arguments)
    error = f"error: {done.exception}" if isinstance(done.exception, ClvError) else ""
    return done.exit_code, done.stdout + error


def listed(*arguments: str) -> list[dict]:
    code, text = clv(*arguments, "--json")
    assert code == 0, text
    return json.loads(text)


def test_withdrawing_a_file_says_which_earlier_load_of_it_counts_again(ingest):
    assert [ingest("o.csv", HEADER + f"1,a,2025-01-0{day},10.00\n")[0] for day in (1, 2, 3)] == [0, 0, 0]
    ingest("p.csv", HEADER + "2,b,2025-01-01,10.00\n")
    says = "is withdrawn; from the next run on its rows do not count"
    for batch, again in (2, None), (3, "1"), (1, None), (4, None):
        code, text = clv("withdraw", "--batch", str(batch), "--reason", "wrong")
        earlier = f"; where it replaced rows of batch {again}, an earlier load of the same file, these count again"
        assert (code, text.strip()) == (0, f"batch {batch} {says}{earlier if again else ''}")


@pytest.fixture
def ingest(home: settings.Settings, tmp_path: Path):
    def load(name: str, text: str) -> tuple[int, str]:
        (tmp_path / name).write_text(text)
        return clv("ingest", "--source", "orders", "--path", str(tmp_path / name))

    return load


def test_a_file_without_a_readable_row_is_an_error_with_reason_and_remedy(ingest):
    for _ in range(2):  # the second time, the file is already loaded but still has no readable row
        code, text = ingest("dates.csv", DATES)
        assert code == 1
        assert "3 rows received, 0 loaded, 3 rejected" in text
        assert "3 rejected: ordered_at '14.09.2025' is not a time (line 2)" in text
        assert (
            "remedy: times are written like '14.09.2025'; say in the mapping orders: time: {column: \"ordered_at\", "
            in text
        )
        assert "error: no row of dates.csv could be read" in text
        assert "`clv rejects --batch 1`" in text


def test_a_file_without_rows_is_an_error(ingest):
    code, text = ingest("empty.csv", HEADER)
    assert code == 1
    assert "error: empty.csv holds no rows below its header" in text


def test_a_partly_readable_file_is_loaded_and_its_reasons_shown(ingest):
    code, text = ingest("mixed.csv", MIXED)
    assert code == 0
    assert "4 rows received, 2 loaded, 2 rejected" in text
    assert "2 rejected: amount 'xxxx xxxxx' is not a number" in text
    assert "1 of the loaded rows will be rejected by the next run" in text
    assert "Anna" not in text
    code, text = ingest("mixed.csv", MIXED)
    assert (code, "already loaded as batch 1" in text) == (0, True)


def test_a_possible_mistake_gives_one_warning(ingest):
    code, text = ingest("ahead.csv", HEADER + "1,a,2025-01-02,10.00\n2,b,2198-01-02,10.00\n")
    assert code == 0
    assert text.count("warning: ") == 1


def test_a_folder_of_files_ends_with_their_sum(ingest, tmp_path: Path):
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "a.csv").write_text(DATES)
    (tmp_path / "both" / "b.csv").write_text(MIXED)
    code, text = clv("ingest", "--source", "orders", "--path", str(tmp_path / "both"))
    assert code == 0
    assert "2 files, 2 new: 7 rows received, 2 loaded, 5 rejected" in text


def test_without_a_source_the_mapping_that_fits_is_taken_or_nothing_is_loaded(ingest, tmp_path: Path):
    for name, text in {
        "fits.csv": HEADER + "1,a,2025-01-02,10.00\n",
        "dates.csv": DATES,
        "else.csv": "name,city\nAnn,Oslo\n",
    }.items():
        (tmp_path / name).write_text(text)
    code, text = clv("ingest", "--path", str(tmp_path / "fits.csv"))
    assert code == 0
    assert text.startswith("the columns are those of the mapping orders\nfits.csv: batch 1, 1 rows received")
    code, text = clv("ingest", "--path", str(tmp_path / "dates.csv"))
    assert code == 1
    assert "error: dates.csv has the columns of the mapping orders, but cannot be read through it" in text
    code, text = clv("ingest", "--path", str(tmp_path / "else.csv"))
    assert (code, "error: no mapping reads else.csv" in text) == (1, True)
    assert [one["file"] for one in listed("batches")] == ["fits.csv"]


def test_files_before_one_that_cannot_be_loaded_stay_loaded(ingest, tmp_path: Path):
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "a.csv").write_text(MIXED)
    (tmp_path / "both" / "b.csv").write_text("order;customer\n1;a\n")
    code, text = clv("ingest", "--source", "orders", "--path", str(tmp_path / "both"))
    assert code == 1
    assert "error: b.csv has no column" in text
    assert text.startswith("a.csv: batch 1, 4 rows received, 2 loaded, 2 rejected\n")
    assert f"; files before it in {tmp_path / 'both'} stay as they are, `clv batches` lists them" in text
    assert [one["file"] for one in listed("batches")] == ["a.csv"]


@pytest.mark.set_up
def test_batches_and_rejects_show_what_happened_to_rows(ingest, home: settings.Settings):
    ingest("dates.csv", DATES)
    ingest("mixed.csv", MIXED)
    before = {one["batch"]: (one["received"], one["accepted"], one["rejected"]) for one in listed("batches")}
    assert before == {2: (4, None, 2), 1: (3, None, 3)}
    dbt.build("staging", {"as_of_date": DAY, "run_id": RUN}, home)
    after = listed("batches")
    assert [one["batch"] for one in after] == [2, 1]
    counts = ("received", "accepted", "rejected", "replaced", "duplicates")
    assert [after[0][name] for name in counts] == [4, 1, 3, 0, 0]
    assert [after[1][name] for name in counts] == [3, 0, 3, 0, 0]

    reasons = {(one["batch"], one["reason"], one["rows"]) for one in listed("rejects")}
    number = "amount 'xxxx xxxxx' is not a number with a decimal point and no marks between thousands"
    expected = {(1, "ordered_at '14.09.2025' is not a time", 3), (2, number, 2), (2, "missing_customer", 1)}
    assert reasons == expected
    assert [(one["line"], one["text"]) for one in listed("rejects", "--batch", "2")] == [
        (3, None),
        (4, "9,x,9999-99-99,xxxx xxxxx"),
        (5, "9,x,9999-99-99,xxx"),
    ]
    assert listed("rejects", "--batch", "2", "--unmasked")[1]["text"] == "3,c,2025-01-04,Anna Smith"
    assert "remedy: times are written like" in clv("rejects", "--batch", "1")[1]

    small.let_analyst_in(home)
    columns = "batch_id, rejected_as, reason, rows_rejected, rows_received"
    seen = f"select {columns} from analytics.rejected_rows order by batch_id, reason"
    unreadable, number = "unreadable", "amount … is not a number with a decimal point and no marks between thousands"
    assert analyst.fetch(seen, home)[1] == [
        (1, unreadable, "ordered_at … is not a time", 3, 3),
        (2, unreadable, number, 2, 4),
        (2, "missing", "missing_customer", 1, 4),
    ]

    assert clv("withdraw", "--batch", "2", "--reason", "wrong file")[0] == 0
    assert {one["batch"] for one in listed("rejects")} == {1}
    assert listed("batches")[0]["withdrawn"] == "wrong file"
    assert listed("batches")[0]["withdrawn_at"] is not None
    code, message = clv("withdraw", "--batch", "2", "--reason", "something else")
    assert code == 1
    assert message.startswith("error: batch 2 is withdrawn already, since 20")
    assert message.endswith(" (wrong file); `clv restore --batch 2` lets it count again")
    assert clv("withdraw", "--batch", "1", "--reason", " ") == (
        1,
        'error: give a reason: `clv withdraw --batch 1 --reason "amounts in cents"`',
    )
    dbt.build("staging", {}, home)
    counted = {one["batch"]: (one["replaced"], one["withdrawn_rows"], one["erased_rows"]) for one in listed("batches")}
    assert counted == {1: (0, 0, 0), 2: (0, 2, 0)}  # two rows stay unreadable
    assert listed("rejects", "--source", "other") == []


def test_an_unknown_batch_or_source_gives_one_line(home: settings.Settings):
    for arguments in (("rejects", "--batch", "7"), ("withdraw", "--batch", "7", "--reason", "none")):
        assert clv(*arguments) == (1, "error: there is no batch 7; `clv batches` lists them")
    assert clv("restore", "--batch", "7") == (
        1,
        "error: batch 7 was not withdrawn; `clv batches` shows which batches are",
    )
    assert clv("rejects", "--batch", "7", "--source", "orders")[0] == 2
    assert listed("batches") == listed("rejects") == listed("runs") == []


def test_the_gate_names_a_small_file_without_a_readable_row(ingest, home: settings.Settings):
    ingest("good.csv", HEADER + "1,a,2025-01-02,10.00\n")
    ingest("dates.csv", DATES)
    facts = judge("raw", date.fromisoformat(DAY), RUN, gates.write)
    assert "raw.batches: unreadable_file" in facts["warnings"]
    ingest("dates.csv", HEADER + "1,a,2025-01-02,10.00\n")  # the corrected file
    assert judge("raw", date.fromisoformat(DAY), RUN, gates.write)["warnings"] == []
