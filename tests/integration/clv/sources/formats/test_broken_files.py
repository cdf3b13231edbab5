"""Every kind of broken file is ingested and staged: its rows are accepted or rejected with a reason, or the file is
refused in one line.

The counts are printed with `-s`.
"""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import yaml
from broken_files import columns, containers, every_kind, records, types, values
from broken_files.shape import Broken

from clv import sources
from clv.core import settings
from clv.core.errors import ClvError
from clv.core.settings import PROJECT
from clv.transform import dbt
from clv.warehouse import db

LEAST = {
    "customer": "customer_id",
    "order": "order_id",
    "time": "ordered_at",
    "amount": "amount",
    "columns": {"product_name": "product_name?"},
}


@dataclass(frozen=True)
class Outcome:
    """The result of one file: the message that refused it, or the number of rows received and of rows for each
    verdict."""

    source: str
    refusal: str | None
    received: int = 0
    verdicts: tuple[tuple[str, int], ...] = ()


@pytest.fixture(scope="module")
def files(module_home: settings.Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[Broken, Outcome]:
    """Loads each kind as a source of its own, several at once, and builds staging for all."""
    home = module_home.with_shop(currency="EUR")
    folder = tmp_path_factory.mktemp("files")
    (home.home / "sources").mkdir()

    def loaded(place: int, kind: Broken) -> str | None:
        source = f"kind_{place}"
        mapping = {**LEAST, **kind.mapping}
        (home.home / "sources" / f"{source}.yml").write_text(yaml.safe_dump(mapping))
        path = folder / source / kind.file_name
        path.parent.mkdir()
        path.write_bytes(kind.content)
        try:
            sources.load(source, path, home)
        except ClvError as error:
            return str(error)
        finally:
            path.unlink()
        return None

    kinds = list(every_kind())
    with ThreadPoolExecutor(4) as pool:
        refusals = list(pool.map(loaded, range(len(kinds)), kinds))
    dbt.build("staging", {}, home)
    verdicts: dict[str, Counter] = {}
    counted = """
        select source, verdict, count(*) from staging.stg_line_verdicts
        join raw.batches using (batch_id) group by source, verdict
        union all
        select source, 'unreadable', count(*) from quarantine.unreadable_rows
        join raw.batches using (batch_id) where reason <> '' group by source
    """
    for source, verdict, count in db.rows(counted):
        verdicts.setdefault(source, Counter())[verdict] += count
    received = dict(db.rows("select source, rows_received from raw.batches"))
    return {
        kind: Outcome(source, refusal, received.get(source, 0), tuple(sorted(verdicts.get(source, {}).items())))
        for kind, refusal, source in zip(kinds, refusals, (f"kind_{place}" for place in range(len(kinds))), strict=True)
    }


def test_every_kind_ends_as_it_should(files: dict[Broken, Outcome]):
    wrong = {}
    for kind, outcome in files.items():
        if isinstance(kind.becomes, str):
            as_it_should = outcome.refusal is not None and re.search(kind.becomes, outcome.refusal) is not None
        else:
            as_it_should = outcome.refusal is None and dict(outcome.verdicts) == +Counter(kind.becomes)
        if not as_it_should:
            wrong[kind.kind] = (kind.becomes, outcome)
    assert wrong == {}


def test_there_are_three_hundred_kinds_and_each_is_another(files: dict[Broken, Outcome]):
    assert len({kind.kind for kind in files}) == len(files) >= 300
    assert len({(kind.file_name, kind.content, repr(kind.mapping)) for kind in files}) == len(files)


def test_rows_received_are_those_written_and_each_is_accounted_for(files: dict[Broken, Outcome]):
    counted = """
        select source, rows_received, rows_accepted + rows_set_aside + rows_unreadable + rows_duplicate
        from staging.stg_batch_counts
    """
    written = {(outcome.source, kind.rows, kind.rows) for kind, outcome in files.items() if not kind.refused}
    assert set(db.rows(counted)) == written


def test_a_refusal_is_one_line_that_names_the_file_and_leaves_nothing(files: dict[Broken, Outcome]):
    refused = {outcome.source: (kind, outcome.refusal) for kind, outcome in files.items() if kind.refused}
    for kind, line in refused.values():
        assert line is not None
        assert line.isprintable(), kind.kind
        assert len(line) < 1000, kind.kind
        name = ascii(kind.file_name) if not kind.file_name.isprintable() else kind.file_name
        assert name in line, kind.kind
    assert not refused.keys() & {source for (source,) in db.rows("select source from raw.batches")}
    assert not refused.keys() & {source for (source,) in db.rows("select source from pii.customers")}


def test_a_rejected_row_has_its_line_and_a_reason(files: dict[Broken, Outcome]):
    unexplained = """
        select line, reason from quarantine.unreadable_rows as rows
        left join pii.unreadable_texts as texts using (batch_id, line)
        where line < 1 or reason !~ ' ' or texts.raw_text is null
    """
    assert db.rows(unexplained) == []
    assert db.rows("select count(*) from quarantine.set_aside_lines where reason is null") == [(0,)]
    assert db.rows("select max(length(raw_text)) from pii.unreadable_texts")[0][0] <= 10_000


def test_texts_are_stored_unchanged(files: dict[Broken, Outcome]):
    texts = """
        select lines._source, customer_id, order_id, product_name
        from raw.order_lines as lines left join pii.customers using (customer_key)
    """
    found: dict[str, list[dict]] = {}
    for source, *row_values in db.rows(texts):
        row = dict(zip(("customer_id", "order_id", "product_name"), row_values, strict=True))
        found.setdefault(source, []).append(row)
    for kind, outcome in files.items():
        if kind.holds:
            column, text, times = kind.holds
            assert [row[column] for row in found[outcome.source]].count(text) == times, kind.kind


def test_nothing_is_left_behind(files: dict[Broken, Outcome], module_home: settings.Settings):
    assert list((module_home.home / "tmp").iterdir()) == []
    kept = {path.name.split(".")[0] for path in (module_home.home / "received").iterdir()}
    query = "select content_sha256 from raw.batches join staging.stg_batch_counts using (batch_id) where {}"
    aside = "stg_batch_counts.rows_unreadable + rows_by_rule > 0 or stg_batch_counts.rows_set_aside > rows_replaced"
    assert kept == {digest for (digest,) in db.rows(query.format(aside))}


def test_the_counts(files: dict[Broken, Outcome], capsys: pytest.CaptureFixture[str]):
    taken = [kind for kind in files if not kind.refused]
    (sums,) = db.rows("""
        select count(*), sum(rows_received), sum(rows_accepted), sum(rows_set_aside), sum(rows_unreadable),
            sum(rows_duplicate)
        from staging.stg_batch_counts
    """)
    batches, received, accepted, aside, unreadable, duplicates = map(int, sums)
    summary = (
        f"{len(files)} files, {len(files) - batches} refused; {received:,} rows received = {accepted:,} accepted "
        f"+ {aside + unreadable:,} rejected ({unreadable:,} unreadable) + {duplicates:,} duplicates"
    )
    with capsys.disabled():
        print(f"\n{summary}")
    assert batches == len(taken)
    assert received == accepted + aside + unreadable + duplicates == sum(kind.rows for kind in taken)
    promises = (PROJECT / "docs" / "promises.md").read_text()
    assert f"> {summary}" in promises, "write the line above into docs/promises.md"
    (paragraph,) = [line for line in promises.splitlines() if f"creates {len(files)} kinds of broken files" in line]
    families = [values, types, columns, records, containers]
    assert re.findall(r"\((\d+)\)", paragraph) == [str(len(list(family.kinds()))) for family in families]
