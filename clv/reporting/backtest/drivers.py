"""Shows what drives the forecast: the effect of each driver, and the forecast along each feature, with a sentence for
each.

Takes metrics.json, in which `explained` comes from the training of the latest origin's model
(`spark_jobs.explain.explained.explain`).
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from clv.core.declared import ANCHOR, OURS
from clv.evaluation.backtest import reading
from clv.reporting.drawing import BAR, INK, Chart, chart, magnitude
from spark_jobs.models import registry

DRIVERS = {  # the drivers' names in training, and their names on the page
    "frequency": "how often they order",
    "order_value": "value of an order",
    "recency": "time since the last order",
    "rhythm": "regularity of orders",
    "recent_orders": "orders of the last year",
    "recent_spend": "spend of the last year",
    "last_year": "same season in earlier years",
    "variety": "variety of products",
    "refunds": "refunds",
    "discounts": "discounts",
}
COLUMNS = {  # by column: the title of its curve, and the words that describe the customers in its sentence
    "days_with_orders": ("Days with an order", "with {} days with an order"),
    "order_value_mean": ("Mean value of an order", "with orders of {} on average"),
    "days_since_last_order": ("Days since the last order", "with their last order {} days ago"),
    "gap_std": ("How unevenly orders are spaced, in days", "whose gaps between orders vary by {} days"),
    "orders_90": ("Orders in the last 90 days", "with {} orders in the last 90 days"),
    "revenue_90": ("Spend in the last 90 days", "with {} spent in the last 90 days"),
    "orders_prior_year_90": ("Orders in the same 90 days last year", "with {} orders in the same 90 days last year"),
    "distinct_products": ("Different products bought", "with {} different products bought"),
    "refund_share": ("Share of spend refunded", "with {} of spend refunded"),
    "discount_share": ("Share of spend discounted", "with {} of spend discounted"),
}
SMALL = (5.2, 2.3)  # inches of a pair of curves


def section(result: dict[str, Any]) -> dict[str, Any] | None:
    """The `words` and `charts` of the section; None when no origin had a forecast."""
    found = result.get("explained")
    if not found:
        return None
    day, published = found["trained_for"], found.get("published", OURS)
    if published != OURS:
        words = (
            f"On the dates before {day}, {reading.name(published)} was better at everything, so it makes the forecast, "
            f"not a trained model. It rests on {registry.named(published).RESTS_ON}."
        )
        return {"words": words, "charts": []}
    if not found["learned"]:
        words = (
            f"By {day} there was too little data to train a model. "
            f"The forecast rests on {registry.named(ANCHOR).RESTS_ON}."
        )
        return {"words": words, "charts": []}
    words = (
        f"Predictions of the model trained on {day}, for {found['customers']:,} customers of {found['origin']} and "
        f"the {found['window_days']} days after. These charts show how the forecast works, not what customers would "
        "do if a shop changed something. The features of a customer change together: one who orders more often also "
        "has shorter gaps and higher spend. Each curve covers the customers for whom its values are possible."
    )
    drawn = [importance(found), *(dependence(curve) for curve in found["dependence"])]
    return {"words": words, "charts": [one for one in drawn if one]}


def importance(found: dict[str, Any]) -> Chart | None:
    """Bar chart of the mean absolute effect of each driver on a customer's mean forecast; None when no driver has an
    effect."""
    counted = {DRIVERS[name]: size for name, size in found["importance"].items() if name in DRIVERS and size > 0}
    if not counted:
        return None
    names = sorted(counted, key=lambda name: counted[name])
    sizes = [counted[name] for name in names]

    def draw(axes: Axes) -> None:
        bars = axes.barh(names, sizes, color=BAR, height=0.65)
        axes.bar_label(bars, [magnitude(size) for size in sizes], padding=4, color=INK)
        axes.set(xlabel="money per customer, up or down")
        axes.margins(x=0.12)
        axes.xaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)

    words = f"{names[-1].capitalize()} matters most: it changes a customer's forecast by {magnitude(sizes[-1])}"
    words += f" on average, where the mean forecast is {magnitude(found['mean_forecast'])}"
    return chart("How much each driver changes a forecast", words, draw)


def dependence(curve: dict[str, Any]) -> Chart:
    """Partial dependence: the mean forecast and the chance of an order along one feature."""
    at, means, chances = curve["at"], curve["mean"], curve["chance"]
    title, who = COLUMNS[curve["column"]]
    share = curve["column"].endswith("_share")

    def draw(axes: Any) -> None:
        for one, values, label in zip(axes, (means, chances), ("mean forecast", "chance of an order"), strict=True):
            one.plot(at, values, color=BAR, marker="o", markersize=4)
            one.set_title(label, fontsize=11, loc="left")
            one.set_ylim(0, 1.1 * max(values))
            one.xaxis.set_major_locator(MaxNLocator(4, integer=not share and max(at) >= 4))
            one.xaxis.set_major_formatter(PercentFormatter(1, 0, " %") if share else FuncFormatter(magnitude))
        axes[0].yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes[1].yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))

    def value(number: float) -> str:
        return reading.percent(number) if share else magnitude(number)

    words = f"Customers {who.format(value(at[0]))} have a mean forecast of {magnitude(means[0])}, and "
    words += f"{reading.percent(chances[0])} are expected to order; "
    words += f"at {value(at[-1])} the mean is {magnitude(means[-1])}, and {reading.percent(chances[-1])} are"
    return chart(title, words, draw, SMALL, panels=2)
