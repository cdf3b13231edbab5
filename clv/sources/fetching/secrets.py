"""Secrets of connectors and of alerts: each is a file in a folder of CLV_HOME/secrets that only its owner can read. A
declaration names it as {secret:NAME}."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clv.core.errors import ClvError
from clv.core.settings import Settings

NAMED = re.compile(r"\{secret:([A-Za-z0-9_][A-Za-z0-9_.-]*)\}")
SHORTEST = 4  # characters; replacing shorter texts in a message would change its other words


class Secrets:
    """Reads secrets, and removes those that were read from messages. folder: that of CLV_HOME/secrets with them."""

    def __init__(self, home: Settings, folder: str = "connectors") -> None:
        self._folder = home.secrets / folder
        self._read: set[str] = set()

    def place(self, text: str) -> str:
        """Returns the file of the first secret that a text names, for remedies."""
        found = NAMED.search(text)
        return str(self._folder / found[1]) if found else ""

    def filled_in(self, text: str) -> str:
        """Replaces the names of secrets in a text by the secrets. Raises ClvError if one is missing, empty, or can be
        read by others."""
        return NAMED.sub(lambda found: self._secret(self._folder / found[1]), text)

    def without(self, text: str) -> str:
        """Removes the secrets from a message, also as they are written in a URL."""
        for secret in sorted(self._read, key=len, reverse=True):
            text = text.replace(secret, "…").replace(quote(secret, safe=""), "…")
        return text

    def _secret(self, path: Path) -> str:
        try:
            with path.open() as file:
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    raise ClvError(f"{path} can be read by others; close it: chmod 600 {path}")
                secret = file.read().strip()
        except FileNotFoundError:
            raise ClvError(f"{path} is missing; write the secret into it, with the rights 600") from None
        except (OSError, UnicodeError) as error:
            raise ClvError(f"{path} cannot be read ({type(error).__name__}); write it again as text") from None
        if not secret:
            raise ClvError(f"{path} is empty; write the secret into it")
        if len(secret) >= SHORTEST:
            self._read.add(secret)
        return secret


def with_texts(part: Any, change: Callable[[str], Any]) -> Any:
    """Returns a part of a declaration with each text in it changed."""
    if isinstance(part, dict):
        return {key: with_texts(value, change) for key, value in part.items()}
    if isinstance(part, list):
        return [with_texts(value, change) for value in part]
    return change(part) if isinstance(part, str) else part
