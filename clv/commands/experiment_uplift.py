"""`clv experiment replay`, `clv experiment uplift`: whom an experiment moved, of any shop and of the home's own."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from clv.commands.console import out
from clv.core import owners_files, settings, tabular
from clv.core.errors import ClvError
from clv.decisions.experiments.differences import LEAST_RATIO_P
from clv.decisions.uplift import experiment_file, of_home, reading_out
from clv.decisions.uplift import replay as replaying
from clv.decisions.uplift.experiment_file import Named, Past
from clv.decisions.uplift.reading_out import Shown
from clv.decisions.uplift.replay import Uplift

Cost = Annotated[float, typer.Option(help="Cost of reaching one customer, in the unit of the outcome.")]


def replay(
    file: Annotated[Path, typer.Option(help="A CSV or Parquet file with one row per customer.")],
    arm: Annotated[str, typer.Option(help="The column that says in which arm a customer was.")],
    outcome: Annotated[str, typer.Option(help="The column of the outcome: a number, or yes and no.")],
    control: Annotated[str | None, typer.Option(help="The arm that was left alone.")] = None,
    customer: Annotated[str | None, typer.Option(help="The column of customers; without it, rows are counted.")] = None,
    features: Annotated[
        str | None, typer.Option(help="Columns known before the experiment, with commas between: whom did arms move?")
    ] = None,
    covariate: Annotated[
        str | None, typer.Option(help="A column known before, by which differences are adjusted (CUPED).")
    ] = None,
    share: Annotated[
        list[str] | None, typer.Option(help="Planned share of an arm, as ARM=SHARE; by default, all are equal.")
    ] = None,
    cost: Cost = 0.0,
    to: Annotated[
        Path | None, typer.Option("--out", help="A CSV file for the recommended arm of each customer.")
    ] = None,
) -> None:
    """Read a past randomised experiment from a file: what each arm brought, and whether choosing by customer pays.

    Needs no home. An arm by customer is recommended only where it brings more than each arm for all.
    """
    _check_cost(cost)
    named = Named(arm, outcome, customer, _listed(features), covariate)
    past = experiment_file.read(file, named, control)
    _check_ratio(past, _planned(share or [], past.arms))
    learned = _learned(past, outcome, cost, covariate)
    if to is not None:
        _write(to, past, learned)


def uplift(
    name: Annotated[str, typer.Argument(help="Name of an experiment whose window is over.")], cost: Cost = 0.0
) -> None:
    """Learn from an experiment of the shop whom each arm moved, and publish it in analytics.customer_uplift.

    Rows are published only where choosing the arm by customer brings more than each arm for all; those of an earlier
    call are replaced.
    """
    _check_cost(cost)
    customers = of_home.learn(name, lambda past, outcome: _learned(past, outcome, cost), cost, settings.load())
    if customers:
        out.print(f"published: analytics.customer_uplift, {customers:,} customers of {name}", markup=False)
    else:
        out.print(f"not published: analytics.customer_uplift has no rows of {name}", markup=False)


def _check_cost(cost: float) -> None:
    if not (math.isfinite(cost) and cost >= 0):
        raise typer.BadParameter("--cost is an amount of 0 or more")


def _learned(past: Past, outcome: str, cost: float, covariate: str | None = None) -> Uplift | None:
    """Prints what each arm brought, whom it moved, and the verdict. Returns None if uplift cannot be learned."""
    _show(reading_out.of_arms(replaying.read_arms(past), outcome, covariate))
    if why_not := replaying.why_not_learned(past):
        out.print(why_not, markup=False)
        return None
    learned = replaying.learn(past, cost)
    _show(reading_out.of_learners(learned.moved))
    for moved in learned.moved:
        _show(reading_out.of_deciles(moved))
    _show(reading_out.of_policies(learned.judged, past.arms))
    out.print(reading_out.verdict(learned.judged, past.arms), markup=False)
    return learned


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (names or "").split(",") if name.strip()))


def _planned(stated: Sequence[str], arms: Sequence[str]) -> np.ndarray:
    """Returns the planned share of each arm, shape (arms,)."""
    if not stated:
        return np.ones(len(arms))
    shares = {}
    for one in stated:
        name, _, number = one.rpartition("=")
        try:
            shares[name] = float(number)
        except ValueError:
            raise typer.BadParameter(f"--share {one} is not ARM=SHARE, such as control=0.1") from None
    wrong = sorted(shares.keys() ^ set(arms))
    if wrong or not all(math.isfinite(number) and number > 0 for number in shares.values()):
        raise typer.BadParameter(f"give --share once for each arm, with a number above 0: {', '.join(arms)}")
    return np.array([shares[name] for name in arms])


def _check_ratio(past: Past, shares: np.ndarray) -> None:
    """Raises ClvError if the customers are not divided as planned."""
    p = replaying.sample_ratio_p(past, shares)
    if p < LEAST_RATIO_P:
        counts = ", ".join(f"{(past.arm == place).sum():,} in '{name}'" for place, name in enumerate(past.arms))
        parts = ":".join(f"{one:g}" for one in shares)
        raise ClvError(
            f"the arms do not have the planned shares {parts} ({counts}; p = {p:.1g}), so their difference means "
            "nothing; give the planned shares by --share ARM=SHARE, or find out who is missing"
        )
    out.print(f"sample ratio as planned (p = {p:.2f})")


def _show(table: Shown) -> None:
    tabular.show(out, tabular.make(table.names, table.rows, title=table.title))


def _write(to: Path, past: Past, learned: Uplift | None) -> None:
    """Writes the recommendations, if there are any. Only the owner may read the file: it has the shop's ids."""
    if learned is None or not learned.judged.recommended:
        out.print(f"not written: {to}, because nothing is recommended by customer", markup=False)
        return
    text = io.StringIO()
    tabular.write(*reading_out.rows_of_customers(past, learned), style="csv", out=Console(file=text))
    try:
        owners_files.write(to, text.getvalue().encode())
    except OSError as error:
        raise ClvError(f"{to} cannot be written ({error.strerror}); name another file by --out") from None
    out.print(f"written: {to}", markup=False)
