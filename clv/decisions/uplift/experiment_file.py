"""Reads a past experiment from a CSV or Parquet file: one row per customer."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from clv.core import masking
from clv.core.errors import ClvError
from clv.core.sql_text import path_literal, quoted
from clv.sources.connectors import files
from clv.sources.guessing import sampled
from clv.sources.loading.reading import database
from clv.sources.mapping.complaints import first_line, printable

Array = np.ndarray
CONTROLS = ("control", "0", "none", "false", "hold out", "holdout")  # names of an arm that was certainly left alone
MOST_ARMS = 10
MOST_WORDS = 20  # the most frequent values of a feature in words that are distinguished


@dataclass(frozen=True)
class Named:
    """The names of the columns that are read. customer: None if the file has no ids; rows then count from 1."""

    arm: str
    outcome: str
    customer: str | None = None
    features: tuple[str, ...] = ()
    covariate: str | None = None

    @property
    def all(self) -> tuple[str, ...]:
        """Each name once."""
        names = (self.customer, self.arm, self.outcome, *self.features, self.covariate)
        return tuple(dict.fromkeys(name for name in names if name is not None))


@dataclass(frozen=True)
class Past:
    """A past experiment on n customers.

    arms: the names, the control first. arm: each customer's place among them, shape (n,). outcome, covariate: shape
    (n,). inputs: the features as numbers, unknown ones NaN, shape (n, inputs).
    """

    customers: list[str]
    arms: tuple[str, ...]
    arm: Array
    outcome: Array
    inputs: Array
    covariate: Array | None = None


def read(path: Path, named: Named, control: str | None = None) -> Past:
    """Reads an experiment. control: the arm that was left alone; None takes the one whose name says so.

    Raises ClvError, in one line with the remedy, if a column is absent or cannot be used, if customers are repeated, or
    if the control is not known.
    """
    _check_roles(named)
    if files.kind(path) not in ("text", "parquet") and path.exists():
        raise ClvError(f"{path.name} is neither CSV nor Parquet; export the experiment as one of them")
    files.find(path)
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as duck:
        try:
            columns = _columns(duck, path, named, Path(folder))
        except duckdb.Error as error:
            raise ClvError(
                f"{path.name} cannot be read ({first_line(error)}); look at its first lines, or export it again"
            ) from None
    if not len(columns[named.arm][0]):
        raise ClvError(f"{path.name} has no rows; export the experiment again")
    arms, arm = _arms(columns[named.arm][0], named.arm, control)
    return Past(
        customers=_customers(columns, named),
        arms=arms,
        arm=arm,
        outcome=_numbers(*columns[named.outcome], named.outcome, "the outcome"),
        inputs=_inputs([columns[name] for name in named.features], len(arm)),
        covariate=_numbers(*columns[named.covariate], named.covariate, "the covariate") if named.covariate else None,
    )


def _check_roles(named: Named) -> None:
    if named.arm == named.outcome:
        raise ClvError(f"'{named.arm}' cannot be both the arm and the outcome; name two columns")
    for name, what in ((named.arm, "the arm"), (named.outcome, "the outcome"), (named.customer, "the customer")):
        if name in named.features:
            raise ClvError(f"'{name}' is {what} and no feature; leave it out of --features")
        if name is not None and name == named.covariate:
            raise ClvError(f"'{name}' is {what} and no covariate; name a column that was known before the experiment")


def _columns(
    duck: duckdb.DuckDBPyConnection, path: Path, named: Named, scratch: Path
) -> dict[str, tuple[Array, Array]]:
    """Returns each named column as texts (None where empty), and as numbers (NaN where it is none)."""
    file, _ = sampled.plain(path, scratch)
    place = path_literal(file.path)
    source = f"read_parquet({place})" if file.kind == "parquet" else f"read_csv({place}, all_varchar=true, header=true)"
    present = duck.sql(f"select * from {source} limit 0").columns  # noqa: S608 - the path is quoted
    for name in named.all:
        if name not in present:
            has = ", ".join(printable(one[:60]) for one in present[:60])
            raise ClvError(f"{path.name} has no column '{printable(name)}'; name one of its columns: {has}")
    texts = [f"nullif(nullif(trim({quoted(name)}::varchar), ''), 'nan')" for name in named.all]
    # A day or time is a number of days.
    values = [
        f"coalesce(try_cast({text} as double), try_cast({text} as boolean)::int::double, "
        f"epoch(try_cast({text} as timestamp)) / 86400)"
        for text in texts
    ]
    read = duck.sql(f"select {', '.join(texts + values)} from {source}").fetchnumpy()  # noqa: S608 - quoted names
    found = [_filled(one) for one in read.values()]
    return dict(zip(named.all, zip(found[: len(texts)], found[len(texts) :], strict=True), strict=True))


def _filled(column: Array) -> Array:
    """Returns a column of DuckDB, which masks empty values, with None or NaN in their place."""
    values = np.ma.getdata(column).copy()
    values[np.ma.getmaskarray(column)] = None if values.dtype == object else np.nan
    return values


def _customers(columns: dict[str, tuple[Array, Array]], named: Named) -> list[str]:
    if named.customer is None:
        return [str(row) for row in range(1, len(columns[named.arm][0]) + 1)]
    customers = list(columns[named.customer][0])
    _check_present(customers, f"customer in the column '{named.customer}'")
    (customer, times), *_ = Counter(customers).most_common(1)
    if times > 1:
        # The rows are named, and not the customer, who is often given by an address.
        first = customers.index(customer) + 1
        second = customers.index(customer, first) + 1
        raise ClvError(
            f"a customer is in {times} rows, first in rows {first:,} and {second:,}; add up the outcomes, so that each "
            "customer has one row"
        )
    return customers


def _arms(texts: Array, column: str, control: str | None) -> tuple[tuple[str, ...], Array]:
    """Returns the names of the arms, the control first, and each customer's place among them."""
    _check_present(texts, f"arm in the column '{column}'")
    names, arm = np.unique(texts.astype(str), return_inverse=True)
    if not 2 <= len(names) <= MOST_ARMS:
        raise ClvError(
            f"the column '{column}' has {len(names):,} values, and an experiment 2 to {MOST_ARMS} arms; name another "
            "column by --arm, or export the rows of the arms to compare"
        )
    shown = ", ".join(f"'{printable(name)}'" for name in names)
    if control is None:
        left_alone = [name for name in names if name.strip().lower() in CONTROLS]
        if len(left_alone) != 1:
            raise ClvError(f"say which arm was left alone by --control; the arms are {shown}")
        control = left_alone[0]
    elif control not in names:
        raise ClvError(f"no customer is in the arm '{printable(control)}'; name as --control one of {shown}")
    first = int(np.flatnonzero(names == control)[0])
    order = [first, *(place for place in range(len(names)) if place != first)]
    return tuple(str(names[place]) for place in order), np.argsort(order)[arm]


def _check_present(values: Iterable, what: str) -> None:
    row = next((row for row, value in enumerate(values, 1) if value is None), None)
    if row:
        raise ClvError(f"row {row:,} has no {what}; complete it, or leave the row out")


def _numbers(texts: Array, values: Array, column: str, what: str) -> Array:
    wrong = np.flatnonzero(~np.isfinite(values))
    if not len(wrong):
        return values.astype(float)
    row, text = int(wrong[0]) + 1, texts[wrong[0]]
    has = f"has '{printable(masking.value(str(text)[:60]))}'" if text is not None else "is empty"
    raise ClvError(f"row {row:,} {has} in the column '{column}', {what}; write a number there, such as 0 or 19.90")


def _inputs(columns: Sequence[tuple[Array, Array]], rows: int) -> Array:
    """Returns features as numbers; one in words as its `indicators`."""
    inputs: list[Array] = []
    for texts, values in columns:
        known = np.array([text is not None for text in texts])
        if np.isfinite(values[known]).all():
            inputs.append(values)
        else:
            inputs.extend(indicators(texts))
    return np.column_stack(inputs).astype(np.float32) if inputs else np.empty((rows, 0), np.float32)


def indicators(texts: Array) -> list[Array]:
    """A column of 0 and 1, shape (n,), for each of the most frequent texts. texts: shape (n,), None where unknown."""
    common = Counter(text for text in texts if text is not None).most_common(MOST_WORDS)
    return [(texts == word).astype(float) for word, _ in common]
