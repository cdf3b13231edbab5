"""Cleans ids: removes invisible characters, so that ids that look alike are equal."""

from __future__ import annotations

import re
import unicodedata

# Ranges of Unicode: soft hyphen, zero-width and joining characters, marks of direction, byte-order mark; and blanks
# other than the plain one.
INVISIBLE = ("00AD", "180E", "200B-200F", "202A-202E", "2060-2064", "2066-2069", "FEFF")
BLANKS = ("00A0", "2000-200A", "202F", "205F", "3000")


def pattern(ranges: tuple[str, ...], of_re2: bool = False) -> str:
    """A class of characters as a pattern for Python, or for RE2, which DuckDB uses."""
    code = r"\\x{\1}" if of_re2 else r"\\u\1"
    return "[" + "".join(re.sub(r"(\w{4})", code, one) for one in ranges) + "]"


def visible(text: str) -> str:
    """A cleaned id: without invisible characters, with plain blanks and composed accents (NFC)."""
    if text.isascii():
        return text
    shown = re.sub(pattern(BLANKS), " ", re.sub(pattern(INVISIBLE), "", text))
    return unicodedata.normalize("NFC", shown).strip()


def forms(text: str) -> tuple[str, ...]:
    """An id as given and as cleaned: rows loaded, or erased, before ids were cleaned have it as given."""
    return tuple(dict.fromkeys((text, visible(text))))
