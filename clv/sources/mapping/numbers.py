"""SQL that reads numbers in the style of a mapping, and gives null for texts in another style.

A text is read as a whole or not at all, so that `1.234` is never read as another number than the shop means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clv.core.sql_text import literal, quoted
from clv.sources.mapping.model import FileMapping
from clv.sources.mapping.values import APOSTROPHES, BLANKS, THOUSANDS

# Amounts have up to 13 digits before the decimal point, more than any shop needs, and 10 after it. Products have 20
# after it.
NUMBER, PRODUCT = "decimal(23, 10)", "decimal(33, 20)"
TOO_LARGE = "is 10,000,000,000,000 or more: too large"
UNREAD = "_not_a_number"  # the column of `unread`
MINUS = "-\u2212\u2013"  # hyphen, minus sign, and the en dash that some programs write instead
EM_DASH = "\u2014"
NO_CENTS = f"[{MINUS}{EM_DASH}]{{1,2}}"  # marks that replace the decimals: 12,- is 12
WORDS = {".": "point", ",": "comma", BLANKS: "blank", APOSTROPHES: "apostrophe"}
# TOKEN matches a word or sign beside a number, such as EUR or $.
_BETWEEN = rf"\s\d(),+{BLANKS}{APOSTROPHES}{MINUS[1:]}{EM_DASH}{MINUS[0]}"
TOKEN = f"[^.{_BETWEEN}][^{_BETWEEN}]*"
# Signs and abbreviations beside amounts, with the currencies that each may mean (symbols of the Unicode CLDR).
SIGNS = {
    "€": "EUR", "£": "GBP EGP GIP FKP SHP", "US$": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "MX$": "MXN", "NT$": "TWD", "R$": "BRL",
    "$": "USD AUD CAD NZD SGD HKD MXN TWD ARS CLP COP UYU BBD BMD BSD BZD FJD JMD TTD",
    "¥": "JPY CNY", "￥": "JPY CNY", "元": "CNY", "円": "JPY", "₹": "INR", "Rs.": "INR PKR LKR NPR MUR",
    "Rs": "INR PKR LKR NPR MUR", "₽": "RUB", "₺": "TRY", "TL": "TRY", "₩": "KRW", "₴": "UAH", "₪": "ILS",
    "₫": "VND", "฿": "THB", "₱": "PHP", "₦": "NGN", "₵": "GHS", "₡": "CRC", "₸": "KZT", "zł": "PLN", "Kč": "CZK",
    "Ft": "HUF", "kr.": "DKK SEK NOK ISK", "kr": "DKK SEK NOK ISK", "Fr.": "CHF", "Fr": "CHF", "SFr.": "CHF",
    "lei": "RON", "лв.": "BGN", "лв": "BGN", "RM": "MYR", "Rp": "IDR", "R": "ZAR", "Dhs": "AED",
}  # fmt: skip


def number_in(mapping: FileMapping, column: str | None) -> str:
    """Returns an SQL expression for the number in a column; null if the text is empty or in another style.

    It reads digits with the mapping's decimal and thousands marks, a sign before or a minus after them, negative
    numbers in brackets, and the sign or code of the row's currency.
    """
    return _read(mapping, quoted(column), NUMBER) if column else f"null::{NUMBER}"


def number_of(column: str | None) -> str:
    """Returns SQL for the number in a column of the rows that `values_sql.valued` gives."""
    return quoted(f"_number {column}") if column else f"null::{NUMBER}"


def unread(columns: Iterable[str]) -> str:
    """Returns SQL for the first text of a row that is not a number, of rows that `values_sql.valued` gives."""
    return f"case {' '.join(f'when {_is_bad(column)} then {quoted(column)}' for column in columns)} end"


def _is_bad(column: str) -> str:
    return f"{quoted(column)} is not null and {number_of(column)} is null"


def complaints(mapping: FileMapping) -> list[str]:
    """Returns SQL cases for texts that are not numbers in the mapping's style: too large, in another currency, or other
    texts. The rows are those that `values_sql.valued` gives."""
    if not mapping.numbers:
        return []
    # A row has one reason, so the patterns stand once in the query, not once for each column.
    name = f"case {' '.join(f'when {_is_bad(column)} then {literal(column)}' for column in mapping.numbers)} end"
    currencies = "|".join(["[A-Za-z]{3}", *map(re.escape, SIGNS)])
    problem = f"""
        case
            when {_read(mapping, UNREAD, "double")} is not null then {literal(TOO_LARGE)}
            when regexp_full_match({UNREAD}, {literal(_with_surroundings(mapping))})
                and regexp_full_match(regexp_extract({UNREAD}, {literal(TOKEN)}), {literal(currencies)})
                then 'bears a currency that the mapping does not state'
            else {literal("is not a number " + style(mapping))}
        end
    """
    return [
        f"when {UNREAD} is not null then {name} || ' ' || chr(39) || left({UNREAD}, 100) || chr(39) || ' ' || {problem}"
    ]


def times(one: str, other: str) -> str:
    """Returns SQL for the exact product of two expressions; null above 13 digits before the decimal point."""
    return bounded(f"try({one} * {other})")


def bounded(value: str) -> str:
    """Returns SQL for an expression's number; null above 13 digits before the decimal point."""
    return f"try_cast({value} as {PRODUCT})"


def style(mapping: FileMapping) -> str:
    """Describes the mapping's number style, for reasons of unreadable numbers."""
    thousands = f"{WORDS[THOUSANDS[mapping.thousands]]}s" if mapping.thousands else "no marks"
    return f"with a decimal {WORDS[mapping.decimal]} and {thousands} between thousands"


def _read(mapping: FileMapping, text: str, kind: str) -> str:
    plain = text if mapping.decimal == "." else f"replace({text}, ',', '.')"
    bare = f"regexp_replace(regexp_replace({text}, {literal(TOKEN)}, '', 'g'), '[^0-9{mapping.decimal}]', '', 'g')"
    bare = bare if mapping.decimal == "." else f"replace({bare}, ',', '.')"
    signed = f"regexp_replace({text}, '[{mapping.decimal}]{NO_CENTS}', '{mapping.decimal}')"
    minus = f"case when regexp_matches({signed}, '[{MINUS}(]') then '-' else '' end"
    return (
        f"case when regexp_full_match({text}, '[-+]?{_ungrouped(mapping.decimal)}') then try_cast({plain} as {kind}) "
        f"when regexp_full_match({text}, {literal(_with_surroundings(mapping))}) and {_currency_agrees(mapping, text)} "
        f"then try_cast({minus} || {bare} as {kind}) end"
    )


def _ungrouped(decimal: str) -> str:
    return rf"(?:\d+(?:[{decimal}]\d*)?|[{decimal}]\d+)"


def _digits(mapping: FileMapping, no_cents: str) -> str:
    """Returns a pattern for unsigned numbers. Groups have three digits or, with commas, two before the last group as in
    India.

    no_cents: a pattern for what may replace the decimals.
    """
    decimals = rf"[{mapping.decimal}](?:\d*{no_cents})"
    ungrouped = rf"{_ungrouped(mapping.decimal)}|\d+{decimals}"
    if not mapping.thousands:
        return f"(?:{ungrouped})"
    mark = f"[{THOUSANDS[mapping.thousands]}]"
    grouped = rf"[1-9]\d{{0,2}}(?:{mark}\d{{3}})+"
    if mapping.thousands == ",":
        grouped += r"|[1-9]\d?(?:,\d{2})+,\d{3}"
    return rf"(?:(?:{grouped})(?:{decimals})?|{ungrouped})"


def _with_surroundings(mapping: FileMapping) -> str:
    """Returns a pattern for a number with what may surround it: one minus or plus, a currency before or after, and the
    apostrophe by which Excel marks text."""
    space, sign, money = f"[{BLANKS}]*", f"[{MINUS}+]", f"(?:{TOKEN})?"
    before, after = f"{money}{space}", f"{space}{money}"
    digits, with_cents = _digits(mapping, f"|{NO_CENTS}"), _digits(mapping, "")
    return "'?(?:" + "|".join([
        f"{sign}?{space}{before}{digits}{after}",
        f"{before}{sign}{space}{digits}{after}",
        f"{before}{with_cents}{space}[{MINUS}]{after}",
        f"{before}{with_cents}{after}{space}[{MINUS}]",
        rf"\({space}{before}{digits}{after}{space}\)",
        rf"{before}\({space}{digits}{space}\){after}",
    ]) + ")"  # fmt: skip


def _currency_agrees(mapping: FileMapping, text: str) -> str:
    """Returns an SQL condition: every currency in the text is that of the row."""
    found = f"regexp_extract_all({text}, {literal(TOKEN)})"
    if not mapping.currency_column:
        if not mapping.currency:
            return f"len({found}) = 0"
        return f"list_has_all([{', '.join(map(literal, _signs_of(mapping.currency.upper())))}], {found})"
    code = f"upper({quoted(mapping.currency_column)})"
    if mapping.currency:
        code = f"coalesce({code}, {literal(mapping.currency.upper())})"
    meant = literal(" ".join(["", *(f"{sign}={one}" for sign, codes in SIGNS.items() for one in codes.split()), ""]))
    agrees = f"upper(sign) = {code} or contains({meant}, ' ' || sign || '=' || {code} || ' ')"
    return f"len(list_filter({found}, lambda sign: not ({agrees}))) = 0"


def _signs_of(code: str) -> list[str]:
    return [code, code.lower(), *(sign for sign, meant in SIGNS.items() if code in meant.split())]
