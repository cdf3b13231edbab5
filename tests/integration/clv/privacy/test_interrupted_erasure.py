"""An erasure that is interrupted is finished by the same command, and loses no record of what the first one found."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
import small_warehouse as small
import traces
from erased_person import QUINCE, erase, needles, of, of_quince, write

from clv import sources
from clv.core.errors import ClvError
from clv.privacy import files
from clv.transform import changed_raw
from clv.warehouse import db, erasures

pytestmark = pytest.mark.set_up


def test_an_erasure_that_was_cut_short_is_finished(home, tmp_path, monkeypatch):
    sources.load("orders", write(tmp_path / "a.csv", of_quince(1), of("c1", "1", amount="none")), home)
    with monkeypatch.context() as patch:
        patch.setattr(changed_raw, "erased", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase(QUINCE["id"], home)
    assert not (home.home / "erasures").exists()
    assert sources.load("orders", write(tmp_path / "b.csv", of_quince(2)), home)[0].erased_lines == (2,)
    (line,) = erasures.read(erasures.place(home))
    assert erase(QUINCE["id"], home).receipt == line["receipt"]
    assert traces.in_tables(needles(home)) == traces.in_files(needles(home), home.home) == []


def test_an_erasure_that_was_cut_short_after_its_commit_is_finished_with_what_it_knew(home, tmp_path, monkeypatch):
    sources.load("orders", write(tmp_path / "a.csv", of_quince(1)), home)
    (key,) = db.rows("select customer_key from pii.customers")[0]
    small.execute(
        "insert into ops.exports (list_name, as_of_date, customer_key, destination, run_id, channel, batch, "
        "idempotency_key) values ('vip', '2024-06-01', %s, 'crm', 'r', 'email', 1, 'a1')",
        (key,),
    )
    (home.home / "exports" / "crm").mkdir(parents=True)
    exported = home.home / "exports" / "crm" / "vip-2024-06-01.csv"
    exported.write_text("reason\nsilent\n")  # no column says who it is
    with monkeypatch.context() as patch:
        patch.setattr(files, "make_pages", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase(QUINCE["id"], home)
    assert db.rows("select * from pii.customers") == []
    done = erase(QUINCE["id"], home)
    assert [one.split(" on ")[0] for one in done.left_home] == ["list vip of 2024-06-01 may have gone to crm"]
    assert done.files[str(exported)].startswith("not reached: the person went into it, but no row has their id")
    assert (done.rows["raw.order_lines"], done.rows["ops.exports"], done.is_complete) == (1, 1, True)
    with pytest.raises(ClvError, match=f"was erased already: .*{done.receipt}"):
        erase(QUINCE["id"], home)


def test_files_in_landing_that_were_changed_before_it_was_cut_short_are_known_again(home, monkeypatch):
    write(home.landing / "orders" / "a.csv", of_quince(1), of("c1", "1", amount="none"), of("c2", "2"))
    sources.landing(home)
    with monkeypatch.context() as patch:
        patch.setattr(changed_raw, "erased", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase(QUINCE["id"], home)
    erase(QUINCE["id"], home)
    assert traces.in_tables(needles(home)) == traces.in_files(needles(home), home.home) == []
    (result,) = sources.landing(home)
    assert (result.batch_id, result.already_loaded) == (1, True)
    assert [replayed.result for replayed in sources.replay(home, "orders")] == [None]
    assert not list(home.secrets.glob("*.pending"))
