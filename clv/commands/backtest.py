"""`clv backtest`: measures the accuracy of the forecast on a shop's own orders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clv.commands.console import quiet, steps, warnings_of
from clv.core import dates, settings
from clv.evaluation.backtest import run
from clv.platform.runtime import stack
from clv.reporting.backtest import report


def backtest(
    horizon: Annotated[int, typer.Option(help="Length of the forecast, in days.")],
    origins: Annotated[str, typer.Option(help="Past dates to forecast from, separated by commas.")],
    out: Annotated[Path, typer.Option(help="Folder for predictions.parquet, metrics.json and report.html.")],
    orders: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet with customer_id, ordered_at, amount and, if there is one, order_id."),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Name of a mapping, where the file has other columns.")] = None,
) -> None:
    """Forecast from past dates, and compare the forecasts and all baselines with the actual outcomes.

    Without --orders, uses the orders of the warehouse. Does not change the warehouse.
    """
    days = sorted({dates.parse_date(day.strip(), "--origins") for day in origins.split(",") if day.strip()})
    request = run.Request(orders, source, horizon, days)
    run.check(request)
    stack.check_java()
    found = settings.load()
    log = found.home / "logs" / "backtest.log"
    with quiet(log) as console, steps(console) as step, stack.database(found, step) as home:
        with warnings_of("clv.forecasters", console):
            page = run.run(request, out, home, step, report.write)
        console.print(f"report  {page}\nlog     {log}")
