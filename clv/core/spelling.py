"""Finds the name that a misspelt one probably stands for."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns "did you mean 'NAME'? " with the known name that is spelled most like `name`, in any case; empty if none
    is alike."""
    by_letters = {one.lower(): one for one in reversed(list(known))}
    near = get_close_matches(name.lower(), by_letters, 1)
    return f"did you mean '{by_letters[near[0]]}'? " if near else ""
