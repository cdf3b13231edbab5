"""Writes the draft of a mapping of orders for a file that no mapping reads, with questions as comments."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from clv.core import masking
from clv.core.currency_codes import CODES
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.guessing.sampled import Sample, sample
from clv.sources.loading.reading import scratch_folder
from clv.sources.mapping.hints import NUMBER_STYLES, fits_style
from clv.sources.mapping.written_times import formats_of

OPEN = "?"  # stands for a column that the reader of the draft has to name
ISO = re.compile(r"\d{4}-\d\d-\d\d([ T].*)?")
AMOUNT = re.compile(r"[^\w\d]{0,3}[\d.,' \u00a0\u202f]+[^\w\d]{0,3}([A-Z]{3})?")
TELLING = {"time": "times", "amount": "amounts of money"}  # without which no rows are orders
ISO = re.compile(r"\d{4}-\d\d-\d\d([ T].*)?")
AMOUNT = re.compile(r"[^\w\d]{0,3}[\d.,' \u00a0\u202f]+[^\w\d]{0,3}([A-Z]{3})?")
NO_REVENUE = re.compile(r".*(tax|vat|shipping|freight|postage|fee|tip|discount|refund|mwst|versand|rabatt).*", re.I)
MOST_WORDS = 12  # a column with more different values has no list of words
# The names that columns have in exports, the surest first, in languages whose exports are common.
NAMES = {
    "customer": [
        r"(customer|client|buyer|user|member|kunden?|cliente?|klant)[ _.-]*(id|no|nr|number|key|nummer|code)",
        r".*e-?mail.*", r"(customer|client|buyer|user|member|kunde|cliente?|klant)",
    ],
    "order": [
        r"(order|invoice|bestell\w*|rechnungs?\w*|commande|pedido|ordine|transaction|receipt)[ _.-]*"
        r"(id|no|nr|number|name|nummer|#)", r"(n[°ºr.]? ?)?(order|invoice|bestellung|commande|pedido|ordine|nr|id|#)",
    ],
    "time": [
        r"(created|ordered|order|purchase|sale|bestell|invoice)[ _.-]*(at|on|date|datum|time)( \(.*\))?",
        r".*(date|datum|fecha|data|time|zeit).*",
    ],
    "amount": [
        r"(net|order|line|item)?[ _.-]*(sales|total|amount|revenue|umsatz|betrag|summe|montant|importe|totale)",
        r".*(total|amount|sales|revenue|betrag|summe|umsatz|montant|importe|value|wert).*",
        r".*(price|preis|prix|precio).*",
    ],
    "currency": [r".*(currency|währung|waehrung|devise|moneda|valuta).*"],
    "status": [r".*(status|state|zustand|estado|état|stato).*"],
    "quantity": [r".*(quantity|qty|menge|anzahl|quantité|cantidad|aantal).*"],
    "discount": [r".*(discount|rabatt|remise|descuento|sconto).*"],
    "product_id": [r".*(sku|product[ _]?id|item[ _]?number|artikel\w*n\w*).*"],
    "product_name": [r".*(product|item|artikel|produkt|produit|article)[ _]?(name|title|bezeichnung)?", r"title"],
    "category": [r".*(category|kategorie|catégorie|categoría).*"],
    "channel": [r".*(channel|kanal|source|medium).*"],
    "country": [r".*(country|land|pays|país).*"],
}  # fmt: skip
COLUMNS = ("status", "quantity", "discount", "product_id", "product_name", "category", "channel", "country")


def draft(path: Path, home: Settings) -> str:
    """Returns the draft for a file as YAML. Raises ClvError if the file cannot be read, or does not look like
    orders."""
    with scratch_folder(home) as scratch:
        return written(sample(path, scratch), path.name)


def written(seen: Sample, name: str) -> str:
    """Returns the draft for the first rows of a file of this name. Raises ClvError if they do not look like orders."""
    chosen = _chosen(seen)
    if lacking := [what for key, what in TELLING.items() if key not in chosen]:
        raise ClvError(
            f"{name} fits no mapping and does not look like orders: no column has {' or '.join(lacking)}; if it is of "
            "orders or ad spend after all, write a mapping as docs/how-to/add-a-mapping.md says"
        )
    unread = [one for one in seen.columns if one not in chosen.values()]
    lines = [
        f"# A draft for {name}. Answer the questions, which begin with a #, and delete them.",
        f"description: {_quoted(name)}",
        *_customer(chosen, seen),
        "# Which column numbers the orders? All rows of an order have the same value there.",
        f"order: {_quoted(chosen.get('order', OPEN))}",
        *_time(chosen, seen),
        *_amount(chosen),
        *_currency(chosen, seen),
        *_columns(chosen),
        *_filters(chosen, seen),
        *_file(chosen, seen),
        f"# Not read: {', '.join(unread) or 'none'}",
    ]
    return "\n".join(lines) + "\n"


def _chosen(seen: Sample) -> dict[str, str]:
    """Returns the file's column for each key of the mapping that its names and values suggest."""
    suits = {"time": _is_time, "amount": _is_number, "quantity": _is_number, "discount": _is_number}
    telling = {"time": _is_time, "customer": _is_address}
    chosen: dict[str, str] = {}
    for key, patterns in NAMES.items():
        free = [name for name in seen.columns if name not in chosen.values()]
        fitting = [name for name in free if suits.get(key, bool)(seen.columns[name])]
        if key == "amount":
            fitting = [name for name in fitting if not NO_REVENUE.fullmatch(name)]
        by_name = [name for one in patterns for name in fitting if re.fullmatch(one, name.strip(), re.IGNORECASE)]
        by_values = [name for name in free if key in telling and telling[key](seen.columns[name])]
        if by_name or by_values:
            chosen[key] = (by_name or by_values)[0]
    return chosen


def _is_time(values: list[str]) -> bool:
    return not _is_number(values) and _most(values, lambda one: bool(ISO.fullmatch(one) or formats_of(one, values)))


def _is_number(values: list[str]) -> bool:
    return _most(values, lambda one: bool(AMOUNT.fullmatch(one)))


def _is_address(values: list[str]) -> bool:
    return _most(values, lambda one: bool(re.fullmatch(r"\S+@\S+\.\S+", one)))


def _most(values: list[str], is_so: Callable[[str], bool]) -> bool:
    return bool(values) and sum(map(is_so, values)) >= 0.9 * len(values)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _customer(chosen: dict[str, str], seen: Sample) -> list[str]:
    column = chosen.get("customer", OPEN)
    named = _quoted(column)
    question = "# Which column says who ordered, by the same value each time? A name alone is not enough."
    if _is_address(seen.columns.get(column, [])):
        return [question, f"customer: {{column: {named}, lower: true}}", f"person: {{email: {named}}}"]
    return [question, f"customer: {named}"]


def _time(chosen: dict[str, str], seen: Sample) -> list[str]:
    questions = [
        "# Which time is that of the order? If it is not in the shop's own zone, add time_zone: Europe/Berlin."
    ]
    named = _quoted(chosen["time"])
    values = seen.columns[chosen["time"]]
    formats = list(dict.fromkeys(form for one in values for form in formats_of(one, values)))
    if not formats:
        return [*questions, f"time: {named}"]
    if len(formats) > 1:
        questions.append("# These rows fit several formats, which swap day and month: keep the right one.")
    return [*questions, f"time: {{column: {named}, formats: {_quoted(formats)}}}"]


def _amount(chosen: dict[str, str]) -> list[str]:
    column, quantity = chosen["amount"], chosen.get("quantity")
    questions = [
        "# Revenue is what was paid for goods: after discounts, without tax and shipping. Is that this column?",
        "# To subtract columns: amount: {column: Total, minus: [Tax, Shipping]}.",
        "# If each row of an order repeats the order's total: amount: {column: Total, once_per_order: true}.",
    ]
    if quantity and re.search(r"price|preis|prix|precio", column, re.IGNORECASE):
        return [*questions, f"amount: {{quantity: {_quoted(quantity)}, price: {_quoted(column)}}}"]
    refunds = "# Refunds are negative rows, or stand in a column, as in refund: Refunded amount. Which?"
    return [*questions, f"amount: {_quoted(column)}", refunds]


def _currency(chosen: dict[str, str], seen: Sample) -> list[str]:
    if _most(seen.columns.get(chosen.get("currency", ""), []), lambda one: one.upper() in CODES):
        return [f"currency: {{column: {_quoted(chosen['currency'])}}}"]
    return ["# In which currency are the amounts? A code, as in EUR.", "# currency: EUR"]


def _columns(chosen: dict[str, str]) -> list[str]:
    found = {key: chosen[key] for key in COLUMNS if key in chosen}
    return ["columns:", *(f"  {key}: {_quoted(name)}" for key, name in found.items())] if found else []


def _filters(chosen: dict[str, str], seen: Sample) -> list[str]:
    counted = Counter(seen.columns.get(chosen.get("status", ""), []))
    if not 1 <= len(counted) <= MOST_WORDS:
        return []
    shown = {word: masking.masked(word) if _is_address([word]) else word for word in counted}
    words = ", ".join(f"{shown[word]} ({rows})" for word, rows in counted.most_common())
    rarest = min(counted, key=lambda word: (counted[word], word))
    return [
        f"# Which of these are no sales (cancelled, failed, tests)? {words}",
        "# filters:",
        f"#   - {{rule: no_sale, column: {_quoted(chosen['status'])}, equals: {_quoted(shown[rarest])}}}",
    ]


def _file(chosen: dict[str, str], seen: Sample) -> list[str]:
    numbers = [value for key in ("amount", "discount") for value in seen.columns.get(chosen.get(key, ""), [])]
    bare = [re.sub(r"[^\d.,' \u00a0\u202f-]", "", value).strip() for value in numbers]
    fitting = [style for style in NUMBER_STYLES if all(fits_style(one, *style) for one in bare)]
    decimal, thousands = (fitting or [(".", "")])[0]
    stated = dict(seen.file)
    if decimal != ".":
        stated["decimal"] = decimal
    if thousands:
        stated["thousands"] = thousands
    listed = ", ".join(f"{key}: {_quoted(value)}" for key, value in stated.items())
    return [f"file: {{{listed}}}"] if stated else []
