"""`clv lists`, `clv approve`: lists of customers to act on, and their approval."""

from __future__ import annotations

import getpass
from contextlib import suppress
from decimal import Decimal
from typing import Annotated

import typer

from clv.commands.console import out
from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import dates, settings, tabular
from clv.core.errors import ClvError
from clv.decisions.lists import approving, earnings, reading, saving

AsOf = Annotated[str | None, typer.Option("--as-of", help="A published date. By default, the newest one.")]


def lists(
    name: Annotated[str | None, typer.Argument(help="Show the customers on this list.")] = None,
    as_of: AsOf = None,
    earned: Annotated[bool, typer.Option("--earned", help="Show what each list has earned so far.")] = False,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """List the lists of customers to act on, or the customers on one of them.

    Customers are shown by the first eight characters of their key, with the reason why they are on the list. Those
    whose arm is `hold out` are left alone, so that the others can be compared with them: --earned shows what those who
    went out brought beyond them, by the newest published date.
    """
    home, style = settings.located(), format_of(as_csv, as_json)
    if earned:
        if as_of:
            raise typer.BadParameter("give either --as-of or --earned")
        _earned(name, home, style)
        return
    day = dates.parse_date(as_of, "--as-of") if as_of else None
    if name is None:
        found = reading.lists(home, day)
        names = ["list", "title", "channel", "customers", "act", "hold_out", "at_stake", "currency", "state"]
        rows = (
            (
                one.list_name, one.title, one.channel, one.customers, one.customers_to_act_on, one.customers_held_out,
                one.value_at_stake, one.currency, one.state,
            )
            for one in found
        )  # fmt: skip
        tabular.write(names, rows, style)
        if style == "table":
            saved = saving.saved(home)
            for one, problem in zip(saved, saving.problems([one.rule for one in saved], home), strict=True):
                if problem:
                    out.print(f"{one.list_name}: saved by {one.saved_by}; {problem}, so nobody is on it", markup=False)
                elif not one.published:
                    out.print(f"{one.list_name}: saved by {one.saved_by}; the next run makes it", markup=False)
        return
    chosen = reading.one(name, home, day)
    names = ["place", "customer", "arm", "at_stake", "from", "to", "reason"]
    rows = (
        (
            one.place, one.short_id, one.arm, one.value_at_stake, one.value_at_stake_p10, one.value_at_stake_p90,
            one.reason,
        )
        for one in reading.members(chosen, home)
    )  # fmt: skip
    if style == "table":
        out.print(f"{chosen.title}, {chosen.as_of_date}: {chosen.action} ({chosen.state})", markup=False)
    tabular.write(names, rows, style)


def _earned(name: str | None, home: settings.Settings, style: str) -> None:
    """Writes the read-outs of every list, or of one: of profit as a table with a sentence each, of all metrics as CSV
    and JSON."""
    found = [one for one in earnings.earnings(home) if name in (None, one["list_name"])]
    if not found:
        raise ClvError(
            f"no read-out of {name or 'lists'} yet; `clv lists` shows the lists, and a run reads them out: "
            "`clv run --as-of DATE`"
        )
    if style != "table":
        tabular.write(list(found[0]), (list(one.values()) for one in found), style)
        return
    shown = [one for one in found if one["metric"] == earnings.FIRST]
    columns = {
        "list": "list_name", "customers": "customers", "held_out": "held_out", "contacts": "contacts",
        "difference": "difference", "low": "always_valid_low", "high": "always_valid_high", "earned": "earned",
        "cost": "cost", "net": "net", "currency": "currency", "state": "state",
    }  # fmt: skip
    rows = ([_rounded(one[column]) for column in columns.values()] for one in shown)
    tabular.write(list(columns), rows, style)
    for one in shown:
        if one["entered"]:
            out.print(f"{one['list_name']}: {one['message']}", markup=False, soft_wrap=True)


def _rounded(value: object) -> object:
    return Decimal(f"{value:.2f}") if isinstance(value, float) else value


def approve(
    name: Annotated[str, typer.Argument(metavar="LIST", help="The list, as `clv lists` names it.")],
    as_of: AsOf = None,
    standing: Annotated[bool, typer.Option("--standing", help="Approve the list for every date.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Revoke approvals instead of approving.")] = False,
    by: Annotated[str | None, typer.Option(help="Who approves. By default, the user of the operating system.")] = None,
) -> None:
    """Approve a list, so that it may go out, or revoke its approvals.

    --revoke takes back the approval of the date with --as-of, that for every date with --standing, and otherwise all.
    """
    if as_of and standing:
        raise typer.BadParameter("give either --as-of or --standing")
    home, day, who = settings.located(), dates.parse_date(as_of, "--as-of") if as_of else None, by or getpass.getuser()
    if revoke:
        number = approving.revoke(name, who, home, day, standing)
        out.print(f"{name}: {number} approval{'s' if number > 1 else ''} revoked by {who}", markup=False)
        with suppress(ClvError):  # the list may be on no date that is published
            left = reading.one(name, home, day)  # another approval may still count
            out.print(f"{name} of {left.as_of_date}: {left.state}", markup=False)
        return
    out.print(approving.message(approving.approve(name, who, home, day, standing)), markup=False)
