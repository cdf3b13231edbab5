"""What a file's values look like, without what they say: for terminals and logs, which more people read than files."""

from __future__ import annotations

import re

QUOTED = re.compile(r"(?<=')(.*)(?=')", re.DOTALL)  # the value in a reason: column 'value' is not a number
LONGEST = 200  # characters that are shown

# What is shown as it is, since it names nobody and its shape alone would not tell the mistake.
NUMBER = r"[-+(]?\d{1,3}(?:[., '’]?\d{3})*(?:[.,]\d{1,4})?\)?-?"
CLOCK = r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|[-+]\d{2}:?\d{2}))?"
DATE = rf"\d{{1,4}}[-./]\d{{1,2}}[-./]\d{{1,4}}(?:{CLOCK})?"
CURRENCY = r"[A-Za-z]{3}|[€$£¥]"
PLAIN = re.compile(rf"(?:(?:{CURRENCY}) ?)?{NUMBER}(?: ?(?:{CURRENCY}))?|{DATE}|{CURRENCY}")
LONGEST_PLAIN_NUMBER = 9  # digits without a sign between them: longer ones may be telephone numbers or ids


def reason(text: str) -> str:
    """A reason for which a row is rejected, the value that it quotes masked."""
    return QUOTED.sub(lambda found: value(found[1]), text)


def value(text: str) -> str:
    """A value as it is where it is a number, a date or a currency; else its `shape`."""
    digits = re.search(rf"\d{{{LONGEST_PLAIN_NUMBER + 1},}}", text)
    return text if PLAIN.fullmatch(text) and not digits else shape(text)


def shape(text: str) -> str:
    """A text with each letter as x and each digit as 9, so that only its separators, quotes and lengths show."""
    drawn = "".join("9" if sign.isdigit() else "x" if sign.isalpha() else sign for sign in text[: LONGEST + 1])
    return drawn if len(drawn) <= LONGEST else f"{drawn[:LONGEST]}…"
