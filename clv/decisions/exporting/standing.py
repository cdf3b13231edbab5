"""Exports that each daily run makes: of the lists that destinations name, once they are approved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from clv.core.errors import ClvError, Unavailable
from clv.core.settings import Settings
from clv.decisions.exporting import declaration
from clv.decisions.exporting.export import NotApproved, Receipt, export


def named(home: Settings) -> list[tuple[str, str]]:
    """Returns the lists that destinations name, each with its destination. A destination with an invalid declaration
    is returned with the list '', since exporting it says what is wrong."""
    found = []
    for destination in declaration.declared(home):
        try:
            lists = declaration.load(destination, home).lists
        except ClvError:
            lists = [""]
        found += [(list_name, destination) for list_name in lists]
    return found


def export_each(
    lists: list[tuple[str, str]], as_of: date, home: Settings, report: Callable[[Receipt], None]
) -> tuple[list[Receipt], int]:
    """Exports lists of a date, one after the other; returns the receipts, and how many lists are not approved. report:
    gets each receipt.

    A destination that fails does not keep the others from getting their lists. Raises its error then, or Unavailable if
    every one that failed may answer later.
    """
    receipts, waiting, failed = [], 0, {}
    for list_name, destination in lists:
        try:
            receipts.append(export(list_name, destination, home, as_of))
            report(receipts[-1])
        except NotApproved:
            waiting += 1
        except ClvError as error:
            failed[f"{list_name} to {destination}" if list_name else destination] = error
    if failed:
        kind = Unavailable if all(isinstance(error, Unavailable) for error in failed.values()) else ClvError
        raise kind("; ".join(f"{what}: {error}" for what, error in failed.items()))
    return receipts, waiting
