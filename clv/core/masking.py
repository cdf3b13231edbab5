"""Masks values of a file before they are written to terminals and logs, which more people can read than the file.

Numbers, dates, currencies, and words known from the mapping or from spreadsheets are shown: they identify nobody, and
without them the mistake could not be seen. In all other values, including names and telephone numbers, letters become x
and digits become 9.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from clv.core.currency_codes import CODES

# Matches the value quoted in a reason, as in: column 'value' is not a number. The SQL function ops.without_values uses
# the same rule.
QUOTED = re.compile(r"""(?<=['"])(.*)(?=['"])""", re.DOTALL)
AND = "' is not '"  # separates two values of a reason, as in: the amount '35' is not '20'
LONGEST = 200  # characters of a masked value that are shown

# The most digits before the decimal point, without and with thousands separators. A longer number may be a telephone
# number.
DIGITS, MOST_DIGITS = 6, 9
NUMBER = re.compile(
    r"[-\u2212+(]?(?P<whole>\d{1,3}(?:(?P<mark>[., '\u2019\u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*)?|\d+)"
    r"(?P<decimals>(?!(?P=mark))[.,]\d{1,4}|[.,]-)?\)?-?"
)
YEAR, DAY = r"(?:1[89]|20|21)\d{2}", r"(?:0?[1-9]|[12]\d|3[01])"
CLOCK = r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|GMT|[-+]\d{2}:?\d{2}))?"
DATES = (
    rf"{YEAR}(?P<a>[-./]){DAY}(?P=a){DAY}",
    rf"{DAY}(?P<b>[-./]){DAY}(?P=b)(?:{YEAR}|\d{{2}})",
    r"9999-12-31|0000-00-00",
)
DATE = re.compile(f"(?:{'|'.join(DATES)})(?:{CLOCK})?")
# Texts allowed beside a number: currency signs, abbreviations that exports write, and marks of debit or credit.
SIGNS = re.compile(r"[€£¥￥₹₽₺₩₴₪₫฿₱₦₵₡₸]|[A-Z]{0,2}\$|zł|Kč|Ft|kr\.?|S?Fr\.?|TL|Rs\.?|RM|Rp|R|CR|DR|Cr|Dr")
NAMES = frozenset({"BOB", "ERN", "RON"})  # currency codes that are also first names
# Texts that programs write for missing values, and that spreadsheets write for errors.
NOTHING = re.compile(r"-+|[nN]/?[aA]|(?:NULL|[Nn]ull)|(?:NONE|[Nn]one)|NIL|nil|NAN|NaN|nan|#[A-Z/0!?]+")


def reason(text: str, known: Collection[str] = ()) -> str:
    """Masks the values quoted in the reason for rejecting a row. known: words of the mapping, which are shown."""
    return QUOTED.sub(lambda found: AND.join(value(part, known) for part in found[1].split(AND)), text)


def value(text: str, known: Collection[str] = ()) -> str:
    """The value unchanged if it is a number, a date, a currency or a known word; else masked."""
    return text if _is_plain(text) or text in known else masked(text)


def masked(text: str) -> str:
    """Replaces letters with x and digits with 9, so that only separators, quotes and lengths remain."""
    drawn = "".join("9" if sign.isdigit() else "x" if sign.isalpha() else sign for sign in text[: LONGEST + 1])
    return drawn if len(drawn) <= LONGEST else f"{drawn[:LONGEST]}…"


def _is_plain(text: str) -> bool:
    if NOTHING.fullmatch(text) or DATE.fullmatch(text) or _is_code(text):
        return True
    return _is_number(_without_currency(text))


def _is_code(text: str) -> bool:
    return text in CODES and text not in NAMES


def _without_currency(text: str) -> str:
    """Removes a currency before or after the digits of a text."""
    parts = re.fullmatch(r"([-\u2212(]?)([^\d\s(),.+-]*\.?)\s?([-\u2212(]?[\d(].*?[\d)-])\s?([^\d\s(),.+-]*\.?)", text)
    if not parts:
        return text
    around = [mark for mark in (parts[2], parts[4]) if mark]
    fits = all(_is_code(mark.upper() if mark.islower() else mark) or SIGNS.fullmatch(mark) for mark in around)
    return f"{parts[1]}{parts[3]}" if around and fits else text


def _is_number(text: str) -> bool:
    found = NUMBER.fullmatch(text)
    if not found:
        return False
    digits = re.sub(r"\D", "", found["whole"])
    if text.startswith("+") or len(digits) > 3 and digits.startswith("0"):
        return len(digits) <= 3  # a plus sign or leading zero may start a telephone number
    longest = MOST_DIGITS if found["decimals"] or (found["mark"] or " ") in ",'\u2019" else DIGITS
    return len(digits) <= longest
