"""Cleans ids: removes invisible characters, so that ids which look alike are equal."""

from __future__ import annotations

import re
import unicodedata

# Unicode ranges. INVISIBLE: soft hyphen, zero-width and joining characters, direction marks, byte-order mark. BLANKS:
# spaces other than the plain one.
INVISIBLE = ("00AD", "180E", "200B-200F", "202A-202E", "2060-2064", "2066-2069", "FEFF")
BLANKS = ("00A0", "2000-200A", "202F", "205F", "3000")


def pattern(ranges: tuple[str, ...], of_re2: bool = False) -> str:
    """A regular expression for one character of these ranges, in Python's syntax or in RE2's, which DuckDB uses."""
    code = r"\\x{\1}" if of_re2 else r"\\u\1"
    return "[" + "".join(re.sub(r"(\w{4})", code, one) for one in ranges) + "]"


def visible(text: str) -> str:
    """Cleans an id: removes invisible characters, replaces other spaces with plain ones and composes accents (NFC)."""
    if text.isascii():
        return text
    shown = re.sub(pattern(BLANKS), " ", re.sub(pattern(INVISIBLE), "", text))
    return unicodedata.normalize("NFC", shown).strip()


def forms(text: str) -> tuple[str, ...]:
    """The id as given and as cleaned. Rows that were loaded or erased before ids were cleaned have the id as given."""
    return tuple(dict.fromkeys((text, visible(text))))
