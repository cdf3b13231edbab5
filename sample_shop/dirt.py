"""Adds the faults of real files: rows that arrive late, twice, corrected or broken; test orders; sales without a
customer."""

# pyright: reportAttributeAccessIssue=false
# (pyarrow creates its compute functions at import, so type checkers do not know them.)
from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Shares of all rows that have each fault.
LATE, TWICE, RESENT, CORRECTED, TEST, GUEST, BROKEN = 0.005, 0.003, 0.003, 0.002, 0.002, 0.01, 0.001
BREAKAGES = (
    lambda fields: ",".join(fields[:5]),  # the line is cut off
    lambda fields: ",".join([*fields[:5], "n/a", *fields[6:]]),  # not a number
    lambda fields: ",".join([*fields[:4], "0000-99-99", *fields[5:]]),  # not a time
    lambda fields: ",".join([*fields, "?"]),  # one field too many
)


def deliveries(rng: np.random.Generator, rows: pa.Table) -> list[tuple[str, pa.Table, list[str]]]:
    """Yields the rows as monthly files: (month, rows, broken lines). Each true row is in at least one file.

    The last version of a row is the true one: a corrected row has a wrong version before it. Broken lines, test orders
    and sales without a customer are added.
    """
    number = rows.num_rows
    months = pc.utf8_slice_codeunits(rows["ordered_at"], 0, 7).to_numpy(zero_copy_only=False).astype(str)
    names, month = np.unique(months, return_inverse=True)
    later = np.minimum(month + 1, len(names) - 1)
    late = rng.random(number) < LATE
    twice = np.flatnonzero(rng.random(number) < TWICE)
    resent = np.flatnonzero((rng.random(number) < RESENT) & (later > month) & ~late)
    corrected = np.flatnonzero((rng.random(number) < CORRECTED) & (later > month) & ~late)
    corrected = np.setdiff1d(corrected, np.union1d(twice, resent))
    tests = np.flatnonzero(rng.random(number) < TEST)
    guests = np.flatnonzero((rng.random(number) < GUEST) & pc.equal(rows["status"], "paid").to_numpy())
    broken = np.flatnonzero(rng.random(number) < BROKEN)

    first = wrong_at_first(rows, corrected)
    pieces = [
        (first, np.where(late, later, month)),
        (rows.take(pa.array(twice)), month[twice]),
        (rows.take(pa.array(resent)), later[resent]),
        (corrected_version(rows.take(pa.array(corrected))), later[corrected]),
        (as_test(rows.take(pa.array(tests))), month[tests]),
        (as_guest(rows.take(pa.array(guests))), month[guests]),
    ]
    everything = pa.concat_tables([piece for piece, _ in pieces]).combine_chunks()
    file = np.concatenate([places for _, places in pieces])
    order = np.argsort(file, kind="stable")
    bounds = np.searchsorted(file[order], np.arange(len(names) + 1))
    result = []
    for place, name in enumerate(names):
        delivered = everything.take(pa.array(order[bounds[place] : bounds[place + 1]]))
        lines = [_break(rows, int(row), which) for which, row in enumerate(broken) if month[row] == place]
        result.append((str(name), delivered, lines))
    return result


def _set(table: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), values.cast(table.schema.field(place).type))


def wrong_at_first(rows: pa.Table, corrected: np.ndarray) -> pa.Table:
    """The wrong first version of the rows that are corrected later, with ten times the amount."""
    factor = np.ones(rows.num_rows)
    factor[corrected] = 10
    return _set(rows, "amount", pa.array(np.round(rows["amount"].to_numpy() * factor, 2)))


def corrected_version(rows: pa.Table) -> pa.Table:
    """The second version of the corrected rows, changed ten days after the order."""
    at = pc.strptime(rows["updated_at"], format="%Y-%m-%dT%H:%M:%S", unit="s").to_numpy() + np.timedelta64(10, "D")
    return _set(rows, "updated_at", pc.strftime(pa.array(at), format="%Y-%m-%dT%H:%M:%S"))


def as_test(rows: pa.Table) -> pa.Table:
    rows = _set(rows, "order_id", pc.binary_join_element_wise("T", rows["order_id"], ""))
    return _set(rows, "status", pa.repeat(pa.scalar("test"), rows.num_rows))


def as_guest(rows: pa.Table) -> pa.Table:
    rows = _set(rows, "order_id", pc.binary_join_element_wise("G", rows["order_id"], ""))
    for column in ("customer_id", "email"):
        rows = _set(rows, column, pa.nulls(rows.num_rows, pa.string()))
    return rows


def _break(rows: pa.Table, row: int, which: int) -> str:
    fields = ["" if value is None else str(value) for value in rows.slice(row, 1).to_pylist()[0].values()]
    return BREAKAGES[which % len(BREAKAGES)](fields)
