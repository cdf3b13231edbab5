"""The page of a backtest: one file without scripts and without anything to download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from clv.core.declared import OURS
from clv.evaluation.backtest import curves, judged, reading
from clv.reporting import pages
from clv.reporting.backtest import charts, drivers
from spark_jobs.judging.metrics import METRICS

TEMPLATES = Path(__file__).parent / "templates"
TABLES = {  # the tables by the use of a forecast, with the metrics that judge each use
    "How much: the size of the error": ("wape_of_median", "mae_of_median", "mse", "rmse", "bias", "r2", "decile_mape"),
    "Who: the ranking of customers": (
        "normalized_gini",
        "top_10_capture",
        "top_20_capture",
        "spearman",
        "spearman_buyers",
    ),
    "Whether: the probability of a purchase": (
        "auc",
        "pr_auc",
        "brier",
        "log_loss",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "churn_precision",
        "churn_recall",
    ),
}


def write(result: dict[str, Any], frame: pd.DataFrame, folder: Path, notes: list[str]) -> Path:
    """Writes folder/report.html, whole or not at all, and returns its path.

    result: what `comparison.compare` returns for `frame`, the predictions, with `explained` from `run.forecast` where a
    model was trained. notes: further sentences for the reader, such as why a baseline is missing.
    """
    drawn = [draw(result) for draw in charts.ALL]
    text = (
        pages.environment(TEMPLATES)
        .get_template("report.html.j2")
        .render(
            result=result,
            headline=result["reading"][0],
            reading=result["reading"][1:],
            notes=notes,
            customers=frame["customer_id"].nunique(),
            tables=[_table(result, title, names) for title, names in TABLES.items()] if result["models"] else [],
            against=_against(result),
            charts=[chart for chart in drawn if chart],
            drivers=drivers.section(result),
            origins=_origins(result),
            deciles=result["deciles"].get(OURS, []),
            coverage=result["coverage"]["by_decile"],
            missing=[reading.name(name) for name in judged.baselines(frame) if not _everywhere(result, name)],
            figure=reading.figure,
            name=reading.name,
            ours=OURS,
        )
    )
    pages.replace(folder / "report.html", text)
    return folder / "report.html"


def _table(result: dict[str, Any], title: str, metrics: tuple[str, ...]) -> dict[str, Any]:
    """A table of means over origins, one row per model and one column per metric; `best` marks the best mean of each
    metric."""
    models = result["models"]
    best = {}
    for metric in metrics:
        known = [row["mean"][metric] for row in models.values() if row["mean"][metric] is not None]
        best[metric] = (max if METRICS[metric].more_is_better else min)(known) if known else None
    rows = [
        {
            "name": reading.name(model),
            "ours": model == OURS,
            "cells": [
                {"text": reading.figure(metric, mean), "best": mean is not None and mean == best[metric]}
                for metric in metrics
                for mean in [row["mean"][metric]]
            ],
        }
        for model, row in models.items()
        if any(row["mean"][metric] is not None for metric in metrics)
    ]
    heads = [{"name": reading.METRICS[metric][0], "more": METRICS[metric].more_is_better} for metric in metrics]
    return {"title": title, "heads": heads, "rows": rows}


def _against(result: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for metric, row in result["against_best_baseline"].items():
        ours = result["models"][OURS]
        verdict = "ahead" if row["better"] else "behind" if row["difference"] else "equal"
        rows.append(
            {
                "metric": reading.METRICS[metric][0],
                "ours": reading.figure(metric, ours["mean"][metric]),
                "worst": reading.figure(metric, ours["worst"][metric]),
                "spread": reading.figure(metric, result["stability"][OURS][metric]),
                "baseline": reading.name(row["baseline"]),
                "theirs": reading.figure(metric, result["models"][row["baseline"]]["mean"][metric]),
                "difference": reading.figure(metric, row["difference"]),
                "low": reading.figure(metric, row["low"]),
                "high": reading.figure(metric, row["high"]),
                "verdict": verdict if row["significant"] or verdict == "equal" else f"{verdict}, or chance",
                "fine": row["better"] and row["significant"],
                "bad": verdict == "behind" and row["significant"],
            }
        )
    return rows


def _origins(result: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for day, row in result["level"].items():
        figures = result["models"][OURS]["by_origin"][day]
        rows.append(
            {
                "day": day,
                "customers": row["customers"],
                "actual": row["actual"],
                "predicted": row["predicted"].get(OURS),
                "signed_bias": row["signed_bias"].get(OURS),
                **{
                    metric: reading.figure(metric, figures[metric])
                    for metric in ("wape_of_median", "normalized_gini", "auc")
                },
                "coverage": result["coverage"]["by_origin"].get(day, dict.fromkeys(curves.COVERAGE)),
            }
        )
    return rows


def _everywhere(result: dict[str, Any], model: str) -> bool:
    """Whether the model has a figure for at least one metric at every origin."""
    return model not in result["models"] or any(mean is not None for mean in result["models"][model]["mean"].values())
