"""Ids as they count: without characters that cannot be seen, so that ids that look alike are alike."""

from __future__ import annotations

import re
import unicodedata

# Of Unicode, as ranges: soft hyphen, zero-width and joining characters, marks of direction, byte-order mark; and blanks
# that are not plain.
INVISIBLE = ("00AD", "180E", "200B-200F", "202A-202E", "2060-2064", "2066-2069", "FEFF")
BLANKS = ("00A0", "2000-200A", "202F", "205F", "3000")


def pattern(ranges: tuple[str, ...], of_re2: bool = False) -> str:
    """A class of characters as a pattern of Python's, or of RE2's, which DuckDB has."""
    code = r"\\x{\1}" if of_re2 else r"\\u\1"
    return "[" + "".join(re.sub(r"(\w{4})", code, one) for one in ranges) + "]"


def visible(text: str) -> str:
    """An id as it counts: without what cannot be seen, blanks being plain and accents composed (NFC)."""
    if text.isascii():
        return text
    shown = re.sub(pattern(BLANKS), " ", re.sub(pattern(INVISIBLE), "", text))
    return unicodedata.normalize("NFC", shown).strip()


def forms(text: str) -> tuple[str, ...]:
    """An id as it came, and as it counts: what was loaded, or erased, before ids were cleaned stands as it came."""
    return tuple(dict.fromkeys((text, visible(text))))
