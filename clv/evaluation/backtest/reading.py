"""Writes sentences about the metrics: how far the forecast can be trusted for this shop. Reads metrics.json only."""

from __future__ import annotations

from typing import Any

from clv.core.declared import OURS
from clv.evaluation.backtest import curves
from spark_jobs.models import registry

METRICS = {  # name on the page, and the meaning of a worse value
    "wape_of_median": ("WAPE (median)", "a typical customer's value is missed by more"),
    "mae_of_median": ("MAE (median)", "a typical customer's value is missed by more"),
    "mse": ("MSE", "the largest customers are missed by more"),
    "rmse": ("RMSE", "the largest customers are missed by more"),
    "bias": ("|bias|", "the shop's total is further off"),
    "r2": ("R²", "the largest customers are missed by more"),
    "spearman": ("Spearman", "customers are ordered less well, small and large alike"),
    "spearman_buyers": ("Spearman, buyers", "those who do buy are ordered less well"),
    "normalized_gini": ("normalised Gini", "customers are ranked by value less well"),
    "decile_mape": ("decile MAPE", "the averages of groups of customers are further off"),
    "top_10_capture": ("top-10 % capture", "the first tenth of customers holds less of the value"),
    "top_20_capture": ("top-20 % capture", "the first fifth of customers holds less of the value"),
    "auc": ("AUC", "buyers are distinguished from others less well"),
    "pr_auc": ("PR-AUC", "the customers named as likeliest to buy include fewer who do"),
    "brier": ("Brier", "the probability of a purchase is further off"),
    "log_loss": ("log loss", "the probability of a purchase is further off, or too sure"),
    "accuracy": ("accuracy", "fewer customers are classified correctly at the threshold"),
    "precision": ("precision", "fewer of the predicted buyers buy"),
    "recall": ("recall", "fewer of the buyers are predicted to buy"),
    "f1": ("F1", "predicting buyers at the threshold works less well"),
    "churn_precision": ("churn precision", "more of the customers predicted to stay away buy"),
    "churn_recall": ("churn recall", "fewer of the customers who stay away are predicted to"),
    "coverage_80": ("80 % interval coverage", ""),
    "width_80": ("80 % interval width", ""),
}
BUDGET, MARGIN = 0.1, 0.25  # highest |bias| at which a total can be planned on without, and with, a margin
GOOD_RANKING, FAIR_RANKING = 0.6, 0.3  # lowest normalised Gini of a good, and of a fair, ranking
CALIBRATED = (0.78, 0.85)  # coverage of a calibrated 80 % interval, over all customers who are likely enough to buy
CALIBRATED_DECILE = (0.75, 0.87)  # the same within one decile
NO_FORECAST_REMEDY = (
    "Choose later origins, add earlier orders, or lower minimum_days or minimum_customers in shop.json."
)


def sentences(result: dict[str, Any]) -> list[str]:
    """The sentences about a backtest, the headline first. result: as returned by `comparison.compare`."""
    if not result["origins"]:
        return [f"There is no forecast to judge: the shop had too little data before each origin. {NO_FORECAST_REMEDY}"]
    ours = result["models"][OURS]
    texts = [
        _headline(ours["mean"], result["coverage"]["coverage_of_likely"]),
        _total(result),
        _ranking(result),
        _intervals(result),
        _next_order(result),
    ]
    texts += _baselines(result)
    return [sentence for sentence in (*texts, _stability(result), _left_out(result)) if sentence]


def name(model: str) -> str:
    """The model's title on the page."""
    return registry.title(model)


def _headline(mean: dict[str, float | None], coverage: float | None) -> str:
    """coverage: of the intervals of customers who are likely enough to buy; None if there are none."""
    bias, gini = mean["bias"], mean["normalized_gini"]
    texts = []
    if gini is not None:
        how = "Trust" if gini >= GOOD_RANKING else "Use with care" if gini >= FAIR_RANKING else "Do not rely on"
        texts.append(f"{how} the ranking of customers")
    if bias is not None:
        if bias <= BUDGET:
            texts.append("plan on the shop's total")
        elif bias <= MARGIN:
            texts.append(f"plan on the shop's total with a margin of {percent(bias)}")
        else:
            texts.append(f"do not plan on the shop's total, which was {percent(bias)} off on average")
    if coverage is not None:
        calibrated = CALIBRATED[0] <= coverage <= CALIBRATED[1]
        texts.append(
            "rely on the 80 % intervals" if calibrated else f"read the 80 % intervals as {percent(coverage)} intervals"
        )
    text = "; ".join(texts) or "Nothing was bought within the horizon, so there is little to judge the forecast by"
    return text[0].upper() + text[1:] + "."


def _total(result: dict[str, Any]) -> str:
    biases = {day: row["signed_bias"].get(OURS) for day, row in result["level"].items()}
    known = {day: bias for day, bias in biases.items() if bias is not None}
    if not known:
        return ""
    day = max(known, key=lambda day: abs(known[day]))
    if len(known) == 1:
        return f"The shop's total was forecast {error_text(known[day])}."
    mean = result["models"][OURS]["mean"]["bias"]
    average = f"was off by {percent(mean)} on average and " if mean is not None else ""
    return f"The shop's total {average}at the worst origin, {day}, was forecast {error_text(known[day])}."


def _ranking(result: dict[str, Any]) -> str:
    mean = result["models"][OURS]["mean"]
    if mean["top_10_capture"] is None:
        return ""
    perfect = result["lift"]["perfect"][_at(0.1)]
    text = (
        f"The tenth of customers ranked first brought {percent(mean['top_10_capture'])} of all value; "
        f"a perfect ranking would have captured {percent(perfect)}, a random one 10 %."
    )
    if mean["auc"] is not None:
        text += (
            f" Given a customer who bought and one who did not, the buyer had the higher probability "
            f"{round(100 * mean['auc'])} times in 100."
        )
    return text


def _intervals(result: dict[str, Any]) -> str:
    found = result["coverage"]
    if found["coverage"] is None:
        return ""
    text = f"The 80 % intervals covered {percent(found['coverage'])} of customers"
    if found["likely"] < 1:
        unlikely, least = percent(1 - found["likely"]), percent(1 - curves.MOST_NO_PURCHASE)
        text += (
            f"; {percent(found['expected'])} is what the probabilities imply, because for {unlikely} of customers a "
            f"purchase is not more than {least} likely, and their interval is zero"
        )
        if found["coverage_of_likely"] is None:
            return text + "."
        text += f". Of the others, {percent(found['coverage_of_likely'])} were covered"
    buying = [
        row
        for row in found["by_decile"]
        if row["p_no_purchase"] is not None and row["p_no_purchase"] < curves.MOST_NO_PURCHASE
    ]
    if not buying:
        return text + "."
    least, most = (how(row["coverage"] for row in buying) for how in (min, max))
    text += f", between {percent(least)} and {percent(most)} in the deciles of customers who are likely enough to buy"
    if least < CALIBRATED_DECILE[0]:
        worst = next(row["decile"] for row in buying if row["coverage"] == least)
        return f"{text}: in decile {worst} (1 is the highest forecast) they are too narrow."
    return text + (": they are wider than necessary." if most > CALIBRATED_DECILE[1] else ": they are calibrated.")


def _next_order(result: dict[str, Any]) -> str:
    """The share of customers who ordered by their expected day, and the groups whose share differs from a half by more
    than chance."""
    found = result.get("next_order")
    if not found:
        return ""
    groups = {
        **{f"origin {day}": group for day, group in found["by_origin"].items()},
        **{f"value tier {tier}": group for tier, group in found["by_tier"].items()},
        **{f"decile {place} of the predicted days": group for place, group in enumerate(found["by_tenth"], 1)},
    }
    text = (
        f"Of {found['customers']:,} customers whose predicted day of the next order lies before the end of the data, "
        f"{percent(found['ordered_by_it'])} had ordered by that day; a half would be right."
    )
    beyond = [f"{name} ({percent(group['ordered_by_it'])})" for name, group in groups.items() if group["beyond_chance"]]
    if not beyond:
        return f"{text} No group by origin, value tier or predicted days differs from a half by more than chance."
    return f"{text} The share differs from a half by more than chance in {', '.join(beyond)}."


def _baselines(result: dict[str, Any]) -> list[str]:
    """The number of metrics on which the forecast is better and worse than the best baseline, then a sentence for each
    on which it is worse."""
    against = result["against_best_baseline"]
    if not against:
        return []
    won = [metric for metric, row in against.items() if row["better"]]
    lost = [metric for metric, row in against.items() if not row["better"] and row["difference"]]
    surely = [metric for metric in won if against[metric]["significant"]]
    clearly = [metric for metric in lost if against[metric]["significant"]]
    rest = len(against) - len(won) - len(lost)
    even = f", equal on {rest}" if rest else ""
    texts = [
        f"Against the best baseline of each metric, the forecast is better on {len(won)} of {len(against)} (by more "
        f"than chance on {len(surely)}){even} and behind on {len(lost)} (by more than chance on {len(clearly)})."
    ]
    for metric in sorted(lost, key=lambda metric: not against[metric]["significant"]):
        row = against[metric]
        theirs = result["models"][row["baseline"]]["mean"][metric]
        ours = result["models"][OURS]["mean"][metric]
        label, meaning = METRICS[metric]
        sure = "clearly" if row["significant"] else "within the range of chance"
        texts.append(
            f"{_upper(name(row['baseline']))} is better at {label}: {figure(metric, theirs)} against "
            f"{figure(metric, ours)} ({sure}; difference {figure(metric, row['difference'])}, 95 % interval "
            f"{figure(metric, row['low'])} to {figure(metric, row['high'])}). With this forecast {meaning}."
        )
    return texts


def _stability(result: dict[str, Any]) -> str:
    if len(result["origins"]) == 1:
        return "This is one origin only, one season of one year: add origins before relying on these figures."
    gini, bias = (result["stability"][OURS][metric] for metric in ("normalized_gini", "bias"))
    if gini is None or bias is None:
        return ""
    return (
        f"From origin to origin the ranking (normalised Gini) varied by ±{gini:.3f} and the error of the total by "
        f"±{percent(bias)}. The 95 % intervals measure the variation between customers, not between dates."
    )


def _left_out(result: dict[str, Any]) -> str:
    rows = result["customers"].values()
    everyone, scored = sum(sum(row.values()) for row in rows), sum(row.get("scored", 0) for row in rows)
    if scored == everyone:
        return ""
    left = everyone - scored
    return f"{left:,} of {everyone:,} forecasts could not be made because of too little data, and are not judged here."


def figure(metric: str, value: float | None) -> str:
    """A metric's value as text: money with three significant digits, the others with three decimals."""
    if value is None:
        return "–"
    money = metric in ("mae_of_median", "mse", "rmse", "width_80")
    if money and abs(value) < 999.5:
        text = f"{value:#.3g}".removesuffix(".")
    else:
        text = f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return text.replace("-", "−")


def _at(share: float) -> int:
    return int(round(share * (len(curves.SHARES) - 1)))


def error_text(bias: float) -> str:
    """The error of a total as text, from its signed bias."""
    return f"{percent(abs(bias))} too {'high' if bias > 0 else 'low'}" if round(abs(bias), 3) else "exactly right"


def percent(share: float) -> str:
    """A share as text: one decimal below ten per cent, otherwise none."""
    percent = 100 * share
    return f"{percent:.1f} %" if 0 < abs(percent) < 9.95 and percent != round(percent) else f"{percent:,.0f} %"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
