"""Writes the draft of a mapping for a file that no mapping reads, with questions as comments."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from clv.core import masking
from clv.core.currency_codes import CODES
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.guessing.naming import COST, PRICE, SPAN, is_of_ads, named
from clv.sources.guessing.sampled import Sample, sample
from clv.sources.loading.reading import scratch_folder
from clv.sources.mapping.complaints import printable
from clv.sources.mapping.hints import NUMBER_STYLES, fits_style
from clv.sources.mapping.telling import is_address, most, without_currency
from clv.sources.mapping.values import is_pattern
from clv.sources.mapping.written_times import formats_of

OPEN = "?"  # stands for a column that the reader of the draft has to name
MOST_WORDS = 12  # a column with more different values has no list of words
WORD = re.compile(r"[^\W\d]+(?:[ _-][^\W\d]+)?")  # one or two words, as states have
NO_SALE = re.compile(r".*(cancel|void|fail|expired|test|declined|storn|abgebrochen|annul).*", re.IGNORECASE)
TELLING = {"time": "times", "amount": "amounts of money"}  # without which no rows are orders
COLUMNS = ("status", "quantity", "discount", "product_id", "product_name", "category", "channel", "country")
GUIDE = "write a mapping as docs/how-to/add-a-mapping.md says"


def draft(path: Path, home: Settings) -> str:
    """Returns the draft for a file as YAML. Raises ClvError if the file cannot be read, or does not look like orders or
    ad spend."""
    with scratch_folder(home) as scratch:
        return written(sample(path, scratch), path.name)


def written(seen: Sample, name: str) -> str:
    """Returns the draft for the first rows of a file of this name. Raises ClvError if they look like neither orders nor
    ad spend."""
    found = named(seen)
    parts = _of_ads(found, seen, name) if is_of_ads(seen) else _of_orders(found, seen, name)
    read = "".join(parts)
    unread = [printable(one) for one in seen.columns if _column(one) not in read]
    lines = [
        f"# A draft for {printable(name)}. Answer the questions, which begin with a #, and delete them.",
        f"description: {_quoted(printable(name))}",
        *parts,
        f"# Not read: {', '.join(unread) or 'none'}",
    ]
    return "\n".join(lines) + "\n"


def _of_orders(found: dict[str, str], seen: Sample, name: str) -> list[str]:
    if lacking := [what for key, what in TELLING.items() if key not in found]:
        raise ClvError(
            f"{printable(name)} fits no mapping and does not look like orders: no column seems to have "
            f"{' or '.join(lacking)}; if it is of orders after all, {GUIDE}"
        )
    return [
        "# Are the rows orders? Payments, products, shipments, returns and customers have kinds of their own:",
        "# docs/sources.md#products-payments-shipments-returns-customers.",
        *_customer(found, seen),
        "# Which column numbers the orders? All rows of an order have the same value there.",
        f"order: {_column(found['order']) if 'order' in found else _quoted(OPEN)}",
        *_time("time", found, seen),
        *_amount(found),
        *_currency(found, seen),
        *_columns(found),
        *_filters(found, seen),
        *_file([found["amount"], found.get("discount", "")], seen),
    ]


def _of_ads(found: dict[str, str], seen: Sample, name: str) -> list[str]:
    cost = next((one for one in seen.columns if COST.fullmatch(one)), None)
    if cost is None or SPAN.fullmatch(found.get("time", "start")):
        raise ClvError(
            f"{printable(name)} fits no mapping and looks like a report of ads without "
            f"{'their cost' if cost is None else 'days'}; export it by day and with cost, or, if it has both, {GUIDE}"
        )
    campaign = next((one for one in seen.columns if re.fullmatch(r".*(campaign|kampagne|campagne).*", one, re.I)), None)
    return [
        "kind: spend",
        *_time("day", found, seen),
        "# Which channel is it? Use the name that the orders have for it, or name a column.",
        f"channel: {{value: {_quoted(OPEN)}}}",
        *([f"campaign: {_column(campaign)}"] if campaign else []),
        f"amount: {_column(cost)}",
        *_currency(found, seen),
        *_file([cost], seen),
    ]


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _column(name: str) -> str:
    """Writes the name of a column, as a pattern if it would be read as more than a name."""
    return _quoted(f"/{re.escape(name)}/" if name.endswith("?") or is_pattern(name) else name)


def _customer(found: dict[str, str], seen: Sample) -> list[str]:
    column = found.get("customer", OPEN)
    question = "# Which column says who ordered, by the same value each time? A name alone is not enough."
    if is_address(seen.columns.get(column, [])):
        address = _column(column)
        return [question, f"customer: {{column: {address}, lower: true}}", f"person: {{email: {address}}}"]
    return [question, f"customer: {_quoted(OPEN) if column == OPEN else _column(column)}"]


def _time(key: str, found: dict[str, str], seen: Sample) -> list[str]:
    of = "the order" if key == "time" else "the cost"
    questions = [f"# Which {key} is that of {of}?"]
    if key == "time":
        questions[0] += " If it is not in the shop's own zone, add time_zone: Europe/Berlin."
    column, values = _column(found["time"]), seen.columns[found["time"]]
    formats = list(dict.fromkeys(form for one in values for form in formats_of(one, values)))
    if not formats:
        return [*questions, f"{key}: {column}"]
    if len({re.sub("[^dmy]", "", form.lower().replace("%b", "")) for form in formats}) > 1:
        questions.append("# These rows fit several formats, which swap day and month: keep the right one.")
    return [*questions, f"{key}: {{column: {column}, formats: {_quoted(formats)}}}"]


def _amount(found: dict[str, str]) -> list[str]:
    column, quantity = found["amount"], found.get("quantity")
    questions = [
        "# Revenue is what was paid for goods: after discounts, without tax and shipping. Is that this column?",
        "# To subtract columns: amount: {column: Total, minus: {tax: Tax, shipping: Shipping}}.",
        "# If each row of an order repeats the order's total: amount: {column: Total, once_per_order: true}.",
    ]
    if quantity and re.fullmatch(PRICE, column, re.IGNORECASE):
        return [*questions, f"amount: {{quantity: {_column(quantity)}, price: {_column(column)}}}"]
    refunds = "# Refunds are negative rows, or stand in a column, as in refund: Refunded amount. Which?"
    return [*questions, f"amount: {_column(column)}", refunds]


def _currency(found: dict[str, str], seen: Sample) -> list[str]:
    if most(seen.columns.get(found.get("currency", ""), []), lambda one: one.upper() in CODES):
        return [f"currency: {{column: {_column(found['currency'])}}}"]
    return ["# In which currency are the amounts? A code, as in EUR.", "# currency: EUR"]


def _columns(found: dict[str, str]) -> list[str]:
    columns = {key: found[key] for key in COLUMNS if key in found}
    return ["columns:", *(f"  {key}: {_column(name)}" for key, name in columns.items())] if columns else []


def _filters(found: dict[str, str], seen: Sample) -> list[str]:
    counted = Counter(seen.columns.get(found.get("status", ""), []))
    if not 1 <= len(counted) <= MOST_WORDS:
        return []
    words = ", ".join(f"{_shown(word)} ({rows})" for word, rows in counted.most_common())
    rejected = [word for word in counted if NO_SALE.fullmatch(word) and WORD.fullmatch(word)]
    return [
        f"# Which of these are no sales (cancelled, failed, tests)? {words}",
        "# filters:",
        f"#   - {{rule: no_sale, column: {_column(found['status'])}, equals: {_quoted(rejected or [OPEN])}}}",
    ]


def _shown(word: str) -> str:
    """Masks what may name a person."""
    return word if WORD.fullmatch(word) else masking.masked(printable(word))


def _file(numbers: list[str], seen: Sample) -> list[str]:
    values = [without_currency(value) for name in numbers for value in seen.columns.get(name, [])]
    fitting = [style for style in NUMBER_STYLES if all(fits_style(one, *style) for one in values)]
    decimal, thousands = (fitting or [(".", "")])[0]
    stated = dict(seen.file)
    if decimal != ".":
        stated["decimal"] = decimal
    if thousands:
        stated["thousands"] = thousands
    listed = ", ".join(f"{key}: {_quoted(value)}" for key, value in stated.items())
    return [f"file: {{{listed}}}"] if stated else []
