"""Simulates large histories, a month at a time: python -m sample_shop.large --customers 100000 --until DAY --out DIR

The customers are those of sample_shop.model, with its rates, seasons, churn and prices; they order ORDERS times as
often, and buy LINES times as many further lines, so that a million customers have about 9 million orders and 22 million
lines. The faults are those of sample_shop.dirt, without broken lines, which Parquet cannot hold.
"""

# pyright: reportAttributeAccessIssue=false
# (pyarrow creates its compute functions at import, so type checkers do not know them.)
from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from sample_shop import dirt, model, shop

ORDERS, LINES = 1.9, 1.65  # factors on the order rate and on an order's lines after the first
SPARE_DAYS = 30  # drawn after the history, for the next day
NEW_SHARE = 0.003  # rows of the next day, as a share of the history's
FORMATS = ("csv", "parquet")
WRITERS = 2  # threads; a month that waits for one holds about 150 MB at a million customers


@dataclass(frozen=True)
class Request:
    """What to simulate. customers: to draw; those of the spare days are not in the history. orders, lines: factors, as
    ORDERS and LINES. new_share: rows of the next day, as a share of the history's."""

    customers: int
    until: date
    seed: int = 7
    history_days: int = shop.HISTORY_DAYS
    orders: float = ORDERS
    lines: float = LINES
    new_share: float = NEW_SHARE
    formats: tuple[str, ...] = FORMATS

    @property
    def start(self) -> date:
        return self.until - timedelta(days=self.history_days)


@dataclass(frozen=True)
class Drawn:
    """The customers, and each order's customer and time in order of time; times in days from the history's start."""

    people: model.Customers
    consent: np.ndarray
    customer: np.ndarray
    time: np.ndarray


def make(out: Path, request: Request) -> dict[str, int]:
    """Writes the history, the next day and the truth; equal requests give equal bytes.

    Writes the same rows as out/csv/YYYY-MM.csv.gz and as out/parquet/YYYY-MM.parquet; the next day's in the folders of
    out/next_day; and out/truth.parquet: customer_id, date, alive, and expected_orders_H and expected_revenue_H (EUR,
    net of refunds of the same orders) for each horizon H from `until` on.

    The next day is a busy one: it has as many of the following days' orders as make new_share of the history's rows,
    that day's refunds, and the late and corrected rows of the last month. Returns the numbers of customers,
    orders, rows and files of the history, and of rows of the next day.
    """
    drawn = draw(request)
    counts = {"orders": int(np.searchsorted(drawn.time, request.history_days)), "rows": 0, "files": 0}
    next_day = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        written: list[Future[None]] = []
        for name, rows in deliveries(drawn, request):
            is_next = name == request.until.isoformat()
            for kind in request.formats:
                folder = out / "next_day" / kind if is_next else out / kind
                folder.mkdir(parents=True, exist_ok=True)
                written.append(pool.submit(WRITE[kind], folder / name, rows))
            if len(written) > WRITERS * len(request.formats):
                written.pop(0).result()
            if is_next:
                next_day = rows.num_rows
            else:
                counts["rows"] += rows.num_rows
                counts["files"] += 1
        for one in written:
            one.result()
    pyarrow.parquet.write_table(truth(drawn.people, request), out / "truth.parquet")
    known = int(np.count_nonzero(drawn.people.arrival < request.history_days))
    return {"customers": known, **counts, "next_day_rows": next_day}


def draw(request: Request) -> Drawn:
    """Draws the customers and all orders, some days beyond the history."""
    rng = np.random.default_rng(request.seed)
    days, first_day_of_year = request.history_days + SPARE_DAYS, request.start.timetuple().tm_yday
    people = model.draw_customers(rng, request.customers, days, first_day_of_year)
    people = replace(
        people, order_rate=people.order_rate * request.orders, extra_lines=people.extra_lines * request.lines
    )
    customer, time = model.draw_orders(rng, people, days, first_day_of_year)
    consent = rng.choice(len(model.CONSENTS), request.customers, p=model.CONSENT_SHARES)
    return Drawn(people, consent, customer, time)


def deliveries(drawn: Drawn, request: Request) -> Iterator[tuple[str, pa.Table]]:
    """Yields the rows of each month (YYYY-MM) and of the next day (YYYY-MM-DD), as the shop delivers them.

    Each has random numbers of its own, so only a month's rows are in memory at once.
    """
    refunds: dict[str, np.ndarray] = {}  # lines whose refund is due, with the time of the refund
    total, late = 0, None
    for number, (name, first, end) in enumerate(months(request)):
        rng = np.random.default_rng([request.seed, 3, number])
        orders = slice(*np.searchsorted(drawn.time, [first, end]))
        lines = _lines(rng, drawn, orders, model.REFUNDED_SHARE)
        rows, refunds = _rows(drawn, lines, refunds, end, request.start)
        delivered, later = _with_faults(rng, rows)
        delivered = delivered if late is None else pa.concat_tables([delivered, late])
        total, late = total + delivered.num_rows, later
        yield name, delivered.combine_chunks()
    if request.new_share:
        yield request.until.isoformat(), _next_day(drawn, request, refunds, late, total)


def months(request: Request) -> Iterator[tuple[str, int, int]]:
    """The months of the history: name, first day and the day after the last, counted from the history's start."""
    first = request.start
    while first < request.until:
        following = min((first.replace(day=1) + timedelta(days=31)).replace(day=1), request.until)
        yield f"{first:%Y-%m}", (first - request.start).days, (following - request.start).days
        first = following


def truth(people: model.Customers, request: Request) -> pa.Table:
    """The expected orders and revenue of the customers who arrived within the history."""
    days = request.history_days
    expected = model.truth(people, days, request.start.timetuple().tm_yday)
    # Demand is 1 at the end of the drawn days; model.truth takes it to be 1 at the end of the history.
    factor = (1 + model.YEARLY_GROWTH) ** (-SPARE_DAYS / 365.25)
    known = people.arrival < days
    columns = {name: values[known] * factor / (100 if "revenue" in name else 1) for name, values in expected.items()}
    return pa.table(
        {
            "customer_id": shop.ids("C", np.flatnonzero(known) + 1, 7),
            "date": pa.repeat(pa.scalar(request.until), int(known.sum())),
            "alive": people.leaves[known] > days,
            **columns,
        }
    )


def _lines(rng: np.random.Generator, drawn: Drawn, orders: slice, refunded: float) -> dict[str, np.ndarray]:
    """The lines of these orders, of which a share is refunded, with the times of their refunds (infinite for none)."""
    lines = shop.draw_lines(rng, drawn.people, drawn.customer[orders], drawn.time[orders])
    number = len(lines["order"])
    due = lines["time"] + rng.random(number) * model.REFUND_WITHIN_DAYS
    refund = rng.random(number) < refunded
    return {**lines, "order": lines["order"] + orders.start, "due": np.where(refund, due, np.inf)}


def _rows(
    drawn: Drawn,
    lines: dict[str, np.ndarray],
    earlier: dict[str, np.ndarray],
    end: float,
    start: date,
) -> tuple[pa.Table, dict[str, np.ndarray]]:
    """The sales of these lines and the refunds due before `end`; and the lines whose refund is due later."""
    both = {name: np.concatenate([values, earlier.get(name, values[:0])]) for name, values in lines.items()}
    due = np.flatnonzero(both["due"] < end)
    sold = len(lines["order"])
    place = np.concatenate([np.arange(sold), due])
    when = np.concatenate([lines["time"], both["due"][due]])
    rows = shop.table(drawn.people, both, place, np.arange(len(place)) >= sold, when, start, drawn.consent)
    waiting = np.flatnonzero((both["due"] >= end) & np.isfinite(both["due"]))
    return rows, {name: values[waiting] for name, values in both.items()}


def _with_faults(rng: np.random.Generator, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """A month's rows as delivered at first, and those that follow with the next delivery: late ones, ones sent again,
    and corrections. Adds duplicates, test orders and sales without a customer."""
    late, twice, resent, corrected, tests, guests = (
        rng.random(rows.num_rows) < share
        for share in (dirt.LATE, dirt.TWICE, dirt.RESENT, dirt.CORRECTED, dirt.TEST, dirt.GUEST)
    )
    corrected &= ~(late | twice | resent)
    resent &= ~late
    guests &= pc.equal(rows["status"], "paid").to_numpy()
    first = dirt.wrong_at_first(rows, np.flatnonzero(corrected))
    now = [
        first.filter(pa.array(~late)),
        rows.filter(pa.array(twice)),
        dirt.as_test(rows.filter(pa.array(tests))),
        dirt.as_guest(rows.filter(pa.array(guests))),
    ]
    later = [rows.filter(pa.array(late | resent)), dirt.corrected_version(rows.filter(pa.array(corrected)))]
    return pa.concat_tables(now), pa.concat_tables(later)


def _next_day(
    drawn: Drawn, request: Request, refunds: dict[str, np.ndarray], late: pa.Table | None, total: int
) -> pa.Table:
    """The rows that arrive on the day after the history, about new_share of the history's rows."""
    rng = np.random.default_rng([request.seed, 4])
    day = request.history_days
    wanted = round(request.new_share * total) - (late.num_rows if late else 0)
    first = int(np.searchsorted(drawn.time, day))
    lines = _lines(rng, drawn, slice(first, None), 0.0)
    # The following days' rows fall on one day, at their own time of day. An order keeps all its lines.
    kept = lines["order"] <= lines["order"][min(max(wanted, 1), len(lines["order"])) - 1]
    lines = {name: values[kept] for name, values in lines.items()}
    lines["time"] = day + lines["time"] % 1
    due = {name: values[refunds["due"] < day + 1] for name, values in refunds.items()}
    rows, _ = _rows(drawn, lines, due, day + 1, request.start)
    return pa.concat_tables([rows, *([late] if late else [])]).combine_chunks()


def write_csv(path: Path, rows: pa.Table) -> None:
    """Writes rows as PATH.csv.gz, without a time stamp, so that equal rows give equal bytes."""
    text = pa.BufferOutputStream()
    pyarrow.csv.write_csv(rows, text, pyarrow.csv.WriteOptions(quoting_style="none"))
    path = path.with_name(f"{path.name}.csv.gz")
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed:
        packed.write(text.getvalue())


def write_parquet(path: Path, rows: pa.Table) -> None:
    """Writes rows as PATH.parquet."""
    pyarrow.parquet.write_table(rows, path.with_name(f"{path.name}.parquet"), compression="zstd")


WRITE = {"csv": write_csv, "parquet": write_parquet}


def main() -> None:
    """Makes the history and prints what was written."""
    parser = argparse.ArgumentParser(prog="python -m sample_shop.large", description="Make a large simulated history.")
    parser.add_argument("--customers", type=int, required=True, help="how many; about one in fifty arrives later")
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="first day without orders, YYYY-MM-DD")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default 7)")
    parser.add_argument("--history-days", type=int, default=shop.HISTORY_DAYS, help="days of orders (default 3 years)")
    parser.add_argument("--new-share", type=float, default=NEW_SHARE, help=f"rows of the next day ({NEW_SHARE})")
    parser.add_argument("--format", choices=FORMATS, action="append", help="only this format; may be repeated")
    given = parser.parse_args()
    if given.customers < 1 or given.history_days < 1 or not 0 <= given.new_share <= 0.01:
        parser.error("--customers and --history-days must be 1 or more, and --new-share between 0 and 0.01")
    request = Request(
        given.customers, given.until, given.seed, given.history_days, new_share=given.new_share,
        formats=tuple(given.format or FORMATS),
    )  # fmt: skip
    print(f"{given.out}: " + ", ".join(f"{value:,} {name}" for name, value in make(given.out, request).items()))


if __name__ == "__main__":
    main()
