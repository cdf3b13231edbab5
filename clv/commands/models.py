"""`clv models`: the registered models."""

from __future__ import annotations

from clv.commands.formats import AsCsv, AsJson, format_of
from clv.core import settings, tabular
from clv.warehouse import model_choice, registry


def models(as_csv: AsCsv = False, as_json: AsJson = False) -> None:
    """List the registered models, the newest first: date, aliases, and the published forecast of each horizon."""
    home = settings.located()
    published = model_choice.published(home)
    rows = (
        (
            model.model_version, model.training_date, ", ".join(aliases), model.forced,
            ", ".join(f"{days} days: {name}" for days, name in published.get(model.model_version, {}).items()),
            model.number,
        )
        for model, aliases in registry.versions(home)
    )  # fmt: skip
    names = ["model_version", "training_date", "aliases", "forced", "published_forecast", "mlflow_version"]
    tabular.write(names, rows, format_of(as_csv, as_json))
