"""`clv erase` and `clv rotate-key`: the persons behind the keys."""

from __future__ import annotations

from typing import Annotated

import typer

from clv.commands.console import out, steps
from clv.core import settings
from clv.privacy import erasing, rotation


def erase(
    customer_id: Annotated[str | None, typer.Argument(help="The customer's id, as the shop's files have it.")] = None,
    source: Annotated[str | None, typer.Option(help="Name of the mapping of the files with this id.")] = None,
    email: Annotated[str | None, typer.Option(help="Instead of an id: all customers with this e-mail address.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a person from all rows, received and published, and keep them out from now on.

    Waits for running loads, builds, trainings and forecasts. Gives a receipt; cannot be undone.
    """
    if (email is None) == (customer_id is None) or (customer_id is not None) != (source is not None):
        raise typer.BadParameter("give a customer's id and --source, or --email")
    home = settings.load()
    found = erasing.find(customer_id, source, email, home)
    if more := erasing.sharing_address(found, home):
        has = "1 more customer has" if more == 1 else f"{more:,} more customers have"
        out.print(
            f"[yellow]note:[/] {has} the same e-mail address; to erase all of them, give --email instead of an id"
        )
    who = "this customer" if len(found) == 1 else f"these {len(found)} customers"
    if not yes and not typer.confirm(f"Remove {who} from every table and file of {home.home}, for good?"):
        raise typer.Abort
    with steps() as step:
        receipt = erasing.erase(found, home, step)
    out.print(f"erased     {who}, receipt {receipt.receipt} ({home.home / erasing.RECEIPTS / receipt.receipt}.json)")
    for table, count in receipt.rows.items():
        out.print(f"rows       {count:,} of {table}")
    for path, what in receipt.files.items():
        out.print(f"file       {path}: {what}")
    for what in receipt.left_home:
        out.print(f"[yellow]left:[/] {what}; delete the person there too")
    for what in receipt.not_reached:
        out.print(f"[yellow]note:[/] {what}")


def rotate_key() -> None:
    """Replace the secret that customers are named with, and rename every customer in every table.

    Waits for running loads, builds, trainings and forecasts. Keys that were copied elsewhere no longer match anybody.
    """
    home = settings.load()
    with steps() as step:
        rows = rotation.rotate(home, step)
    out.print(f"rotated    {home.secrets / 'pseudonym_key'}; {sum(rows.values()):,} rows in {len(rows)} tables")
    out.print(
        "[yellow]note:[/] the next run draws the hold-outs of lists again, since they go by the key; "
        "do not compare arms over this day"
    )
