"""Writes addresses, telephone numbers and names in one form, so that equal ones can be found by their digests."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from clv.core import ids

# Providers that deliver ADDRESS+anything@ to ADDRESS@; of the first two, points before the @ mean nothing either.
WITHOUT_POINTS = ("gmail.com", "googlemail.com")
WITH_TAGS = (
    *WITHOUT_POINTS, "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me",
    "protonmail.com",
)  # fmt: skip
SAME_PROVIDER = {"googlemail.com": "gmail.com", "protonmail.com": "proton.me"}
TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "mlle", "sr", "sra"}
SHORTEST_NUMBER, LONGEST_NUMBER = 7, 15  # digits of a telephone number with its calling code (ITU-T E.164)


class Name(NamedTuple):
    """The parts of a name that are compared: the given name, and all parts in alphabetical order."""

    given: str | None = None
    whole: str | None = None


def email(text: str) -> str | None:
    """The address to which mail to this address goes, as far as that is certain; None if it is no address.

    Letter case means nothing at any known provider. Tags and points are removed for providers that ignore them.
    """
    local, at, domain = ids.visible(text).strip().lower().removeprefix("mailto:").rpartition("@")
    if not at or not local or not re.fullmatch(r"[^\s@]+\.[^\s@.]+", domain) or re.search(r"\s", local):
        return None
    if domain in WITH_TAGS:
        local = local.partition("+")[0]
    if domain in WITHOUT_POINTS:
        local = local.replace(".", "")
    return f"{local}@{SAME_PROVIDER.get(domain, domain)}" if local else None


def phone(text: str, calling_code: str | None = None) -> str | None:
    """The number with its calling code, as digits; None if it is no number, or if its country is not known.

    calling_code: that of numbers written without one. A first 0 of such a number is dialled only within the country,
    and so is one in brackets after a calling code.
    """
    shown = unicodedata.normalize("NFKC", ids.visible(text)).strip().removeprefix("tel:")
    shown = re.split(r"(?i)\s*(?:ext\.?|x|durchwahl)\s*\d+$", shown)[0]
    if re.search(r"[^\d\s+()./\-–]", shown):
        return None
    is_international = shown.lstrip("( ").startswith("+") or re.sub(r"\D", "", shown).startswith("00")
    if is_international:
        digits = re.sub(r"\D", "", shown.replace("(0)", "")).removeprefix("00")
    elif calling_code:
        digits = calling_code + re.sub(r"\D", "", shown).removeprefix("0")
    else:
        return None
    return digits if SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER else None


def device(text: str) -> str | None:
    """The id of a device without blanks around it; None if it is empty."""
    return ids.visible(text).strip() or None


def name(text: str | None) -> Name:
    """The parts of a name, in small letters without accents and titles; nothing if it has fewer than two parts, because
    one part may be a given name or a family name.

    In "Surname, Given" the given name follows the comma. An initial is no given name.
    """
    plain = unicodedata.normalize("NFKD", ids.visible(text or "").casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    before, comma, after = plain.partition(",")
    parts = [part for part in re.findall(r"[^\W\d_]+", f"{after} {before}" if comma else plain) if part not in TITLES]
    if len(parts) < 2:
        return Name()
    return Name(parts[0] if len(parts[0]) > 1 else None, " ".join(sorted(parts)))
