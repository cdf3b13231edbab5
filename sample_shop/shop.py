"""Simulates the shop's files: order lines, refunds, faulty rows, and the truth."""

# pyright: reportAttributeAccessIssue=false
# (pyarrow creates its compute functions at import, so type checkers do not know them.)
from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from sample_shop import dirt, external, model, responses

HISTORY_DAYS = 3 * 365
CURRENCY = "EUR"
RESPONSE = 0.3  # extra orders per contacted customer


def make(
    out: Path | str,
    customers: int = 2000,
    seed: int = 7,
    until: date = date(2024, 1, 1),
    history_days: int = HISTORY_DAYS,
    contacted: Sequence[Path] = (),
    response: float = RESPONSE,
) -> dict[str, float]:
    """Writes out/orders/YYYY-MM.csv.gz, out/spend/ad_spend.csv, out/external_forecasts/klaviyo-DATE.csv and
    out/truth.parquet; equal arguments give equal bytes.

    Orders cover the history_days before `until`, ad spend the second half of them. Another system's forecasts are of
    `until`, and of the day whose 365 days end there. truth.parquet has one row per
    customer: customer_id, date (until), alive, and expected_orders_H and expected_revenue_H (EUR, net of refunds) for H
    of 90, 180 and 365 days from `until`. Returns the numbers of files, rows (with the faulty ones) and orders.

    contacted: files of lists that `clv export` wrote, of these customers. What their customers order because of it, on
    average `response` orders each, is in out/orders/responses.csv.gz; the other files stay as they are. Then the facts
    also have the expected_orders and expected_revenue (EUR) of the responses, and the extra_orders drawn.
    """
    out = Path(out)
    rng = np.random.default_rng(seed)
    start = until - timedelta(days=history_days)
    first_day_of_year = start.timetuple().tm_yday
    people = model.draw_customers(rng, customers, history_days, first_day_of_year)
    customer, time = model.draw_orders(rng, people, history_days, first_day_of_year)
    lines = draw_lines(rng, people, customer, time)
    refunds = _refunds(rng, lines, history_days)
    # A separate generator, so that the other draws stay unchanged.
    consent = np.random.default_rng([seed, 2]).choice(len(model.CONSENTS), customers, p=model.CONSENT_SHARES)
    rows = _table(people, lines, refunds, start, consent)
    (out / "orders").mkdir(parents=True, exist_ok=True)
    months = dirt.deliveries(rng, rows)
    for month, delivered, broken in months:
        _write(out / "orders" / f"{month}.csv.gz", delivered, broken)
    _write_spend(out / "spend" / "ad_spend.csv", people, start, history_days, seed)
    days = (history_days - external.HORIZON_DAYS, history_days)
    external.write(out / "external_forecasts", lines, start, days, seed)
    _write_truth(out / "truth.parquet", people, lines, refunds, history_days, first_day_of_year, until)
    written = sum(delivered.num_rows + len(broken) for _, delivered, broken in months)
    facts: dict[str, float] = {"files": len(months), "rows": written, "orders": len(customer)}
    if not contacted:
        return facts
    found = responses.draw(people, responses.contacted(contacted, start), response, seed, history_days)
    extra = draw_lines(np.random.default_rng([seed, 5]), people, found.customer, found.time)
    extra["order"] = extra["order"] + len(customer)  # numbered after all others
    place = np.arange(len(extra["order"]))
    rows = table(people, extra, place, np.zeros(len(place), bool), extra["time"], start, consent)
    _write(out / "orders" / "responses.csv.gz", rows, [])
    drawn = {"extra_orders": len(found.customer)}
    return {**facts, **drawn, "expected_orders": found.orders, "expected_revenue": found.revenue}


def draw_lines(rng: np.random.Generator, people: model.Customers, customer: np.ndarray, time: np.ndarray) -> dict:
    """One element per order line: order, line, customer, time, category, product, pieces, and amounts in cents."""
    per_order = 1 + rng.poisson(people.extra_lines[customer])
    order = np.repeat(np.arange(len(customer)), per_order)
    who = customer[order]
    line = np.arange(len(order)) - np.repeat(np.cumsum(per_order) - per_order, per_order) + 1
    favourite = rng.random(len(order)) < model.FAVOURITE_SHARE
    category = np.where(favourite, people.favourite[who], rng.integers(0, len(model.CATEGORIES), len(order)))
    product = rng.integers(0, model.PRODUCTS_PER_CATEGORY, len(order))
    pieces = 1 + rng.poisson(people.extra_pieces[who])
    price = model.prices()[category, product]
    discounted = rng.random(len(order)) < model.DISCOUNTED_SHARE
    discount = np.where(discounted, price * pieces // round(1 / model.DISCOUNT), 0)
    usual = rng.random(len(customer)) < 0.85
    channel = np.where(usual, people.channel[customer], rng.integers(0, len(model.CHANNELS), len(customer)))
    return {
        "order": order, "line": line, "customer": who, "time": time[order], "category": category, "product": product,
        "pieces": pieces, "price": price, "discount": discount, "amount": price * pieces - discount,
        "cost": np.round(price * pieces * model.COST_SHARE).astype(np.int64), "channel": channel[order],
    }  # fmt: skip


def _refunds(rng: np.random.Generator, lines: dict, history: int) -> dict:
    """The lines refunded before the history's end: `place` in lines, and the time of the refund."""
    chosen = rng.random(len(lines["order"])) < model.REFUNDED_SHARE
    time = lines["time"] + rng.random(len(chosen)) * model.REFUND_WITHIN_DAYS
    place = np.flatnonzero(chosen & (time < history))
    return {"place": place, "time": time[place]}


def _table(people: model.Customers, lines: dict, refunds: dict, start: date, consent: np.ndarray) -> pa.Table:
    place = np.concatenate([np.arange(len(lines["order"])), refunds["place"]])
    is_refund = np.arange(len(place)) >= len(lines["order"])
    when = np.concatenate([lines["time"], refunds["time"]])
    return table(people, lines, place, is_refund, when, start, consent)


def table(
    people: model.Customers,
    lines: dict,
    place: np.ndarray,
    is_refund: np.ndarray,
    when: np.ndarray,
    start: date,
    consent: np.ndarray,
) -> pa.Table:
    """Sales and refunds with the shop's columns, ordered by time.

    Each row is of the line lines[place], a sale or a refund, at the time `when`. consent: each customer's index in
    model.CONSENTS.
    """
    sign = np.where(is_refund, -1, 1)
    order = ids("S", lines["order"][place] + 1, 8)
    seconds = np.floor(when * 86_400).astype("timedelta64[s]")
    at = np.array(np.datetime64(start, "s") + seconds)
    season = at.astype("datetime64[M]").astype(int) % 12 // 3
    is_discounted = pa.array(~is_refund & (lines["discount"][place] > 0))
    nothing = pa.scalar(None, pa.string())
    who = lines["customer"][place]
    category = lines["category"][place]
    product = lines["product"][place]
    customer_id = ids("C", who + 1, 7)
    number = ids("", product + 1, 2)
    rows = pa.table(
        {
            "order_id": pc.if_else(pa.array(is_refund), pc.binary_join_element_wise("R", order, ""), order),
            "line_id": lines["line"][place],
            "customer_id": customer_id,
            "email": pc.binary_join_element_wise(customer_id, "@example.com", ""),
            "ordered_at": pc.strftime(pa.array(at), format="%Y-%m-%dT%H:%M:%S"),
            "amount": sign * lines["amount"][place] / 100,
            "currency": _constant(CURRENCY, len(place)),
            "quantity": sign * lines["pieces"][place],
            "unit_price": lines["price"][place] / 100,
            "discount": sign * lines["discount"][place] / 100,
            "cost": sign * lines["cost"][place] / 100,
            "product_id": pc.binary_join_element_wise(_names(model.CATEGORIES, category), number, "-"),
            "product_name": pc.binary_join_element_wise(_names(model.CATEGORIES, category), number, " article "),
            "category": _names(model.CATEGORIES, category),
            "channel": _names(model.CHANNELS, lines["channel"][place]),
            "country": _names(model.COUNTRIES, people.country[who]),
            "status": pc.if_else(pa.array(is_refund), "refunded", "paid"),
            "refund_of": pc.if_else(pa.array(is_refund), order, nothing),
            "updated_at": pc.strftime(pa.array(at), format="%Y-%m-%dT%H:%M:%S"),
            "campaign": pc.if_else(is_discounted, _names(model.SALES, season), nothing),
            "discount_code": pc.if_else(is_discounted, _names(model.CODES, season), nothing),
            "accepts_marketing": _names(model.CONSENTS, consent[who]),
        }
    )
    return rows.take(pa.array(np.lexsort((place, when))))


def ids(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    padded = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, padded, "")


def _names(names: tuple[str, ...], places: np.ndarray) -> pa.Array:
    return pa.array(names).take(pa.array(places))


def _constant(text: str, number: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), number)


def _write(path: Path, rows: pa.Table, broken: list[str]) -> None:
    """Writes a month's file, with the broken lines spread over it. The gzip has no time stamp, so that equal content
    gives equal bytes."""
    text = io.BytesIO()
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    step = rows.num_rows // (len(broken) + 1) + 1
    pyarrow.csv.write_csv(rows.slice(0, step), text, options)
    bare = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    for number, line in enumerate(broken, 1):
        text.write(line.encode() + b"\n")
        pyarrow.csv.write_csv(rows.slice(number * step, step), text, bare)
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        packed.write(text.getbuffer())


def _write_spend(path: Path, people: model.Customers, start: date, history: int, seed: int) -> None:
    """Writes the cost per day of the paid channels over the second half of the history; it follows the season, with
    noise."""
    rng = np.random.default_rng([seed, 1])  # a separate generator, so that the orders do not depend on it
    days = np.arange(history // 2, history)
    pace = model.demand(days + 0.5, start.timetuple().tm_yday, history)
    rows = []
    for channel, cost in model.PAID_CHANNELS.items():
        arrivals = people.arrival[people.channel == model.CHANNELS.index(channel)]
        per_day = cost * np.count_nonzero(arrivals >= days[0]) / len(days)
        cents = np.round(100 * per_day * pace / pace.mean() * rng.gamma(20, 1 / 20, len(days))).astype(np.int64)
        rows += [(start + timedelta(days=int(day)), channel, money) for day, money in zip(days, cents, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{day},{channel},{money / 100:.2f},{CURRENCY}" for day, channel, money in sorted(rows)]
    path.write_text("\n".join(["day,channel,amount,currency", *lines]) + "\n")


def _write_truth(
    path: Path,
    people: model.Customers,
    lines: dict,
    refunds: dict,
    history: int,
    first_day_of_year: int,
    until: date,
) -> None:
    expected = model.truth(people, history, first_day_of_year)
    # Lines sold in the last days may still be refunded within each horizon.
    open_lines = np.setdiff1d(np.flatnonzero(lines["time"] > history - model.REFUND_WITHIN_DAYS), refunds["place"])
    age = history - lines["time"][open_lines]
    for h in model.HORIZONS:
        chance = (model.refunded_within(age + h) - model.refunded_within(age)) / (1 - model.refunded_within(age))
        refunded = np.bincount(
            lines["customer"][open_lines], chance * lines["amount"][open_lines], minlength=len(people.arrival)
        )
        expected[f"expected_revenue_{h}"] = (expected[f"expected_revenue_{h}"] - refunded) / 100
    number = len(people.arrival)
    table = pa.table(
        {
            "customer_id": ids("C", np.arange(number) + 1, 7),
            "date": pa.repeat(pa.scalar(until), number),
            "alive": people.leaves > history,
            **expected,
        }
    )
    pyarrow.parquet.write_table(table, path)
