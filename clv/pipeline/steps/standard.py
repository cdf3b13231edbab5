"""The steps that compute customer lifetime value from a shop's files."""

from clv.pipeline.steps import Step

_TASKS = "clv.pipeline.tasks"

STEPS = (
    Step(
        "fetch", "take in", "the shop's databases and services", "landing files", f"{_TASKS}.ingesting:fetch",
        after="open_run", pool="fetch", trains=True,
    ),
    Step(
        "ingest", "take in", "landing files", "raw, pii, quarantine, ops.identity_links",
        f"{_TASKS}.ingesting:ingest", trains=True,
    ),
    Step("gate_raw", "take in", "raw", "ops.gate_results", f"{_TASKS}.gates:raw", trains=True),
    Step(
        "build_staging", "clean", "raw", "staging, quarantine", f"{_TASKS}.builds:staging", pool="build", trains=True
    ),
    Step("gate_staging", "clean", "staging", "ops.gate_results", f"{_TASKS}.gates:staging", trains=True),
    Step(
        "build_intermediate", "clean", "staging", "intermediate", f"{_TASKS}.builds:intermediate",
        pool="build", trains=True,
    ),
    Step("build_features", "learn", "intermediate", "features", f"{_TASKS}.builds:features", pool="build"),
    Step("gate_features", "learn", "features", "ops.gate_results", f"{_TASKS}.gates:features"),
    Step(
        "train", "learn", "features of closed past dates, matured forecasts",
        "ops.model_checks; a new model and its reference predictions, if needed", f"{_TASKS}.models:train",
        pool="spark", params={"force": "force_retrain"}, trains=True,
    ),
    Step(
        "score", "value", "features, the model", "predictions", f"{_TASKS}.models:score",
        pool="spark", given={"model": "train"},
    ),
    Step("gate_predictions", "value", "predictions", "ops.gate_results", f"{_TASKS}.gates:predictions"),
    Step(
        "build_analytics", "value", "all of the above", "analytics_runs", f"{_TASKS}.builds:analytics", pool="build"
    ),
    Step("gate_analytics", "value", "analytics_runs", "ops.gate_results", f"{_TASKS}.gates:analytics"),
    Step(
        "publish", "publish", "analytics_runs", "one row in analytics.publications", f"{_TASKS}.closing:publish",
        closes=True,
    ),
    Step(
        "scorecard", "publish",
        "published forecasts that matured, those of other systems, intermediate; experiments and lists",
        "ops.clv_scorecard, ops.external_scorecard, ops.experiment_results, ops.list_earnings",
        f"{_TASKS}.closing:scorecard", closes=True,
    ),
    Step("report", "publish", "what is published", "the report's page", f"{_TASKS}.closing:report", closes=True),
    Step(
        "export", "publish", "approved lists that destinations name", "the destinations, ops.exports, ops.list_entries",
        f"{_TASKS}.closing:export", closes=True,
    ),
)  # fmt: skip
