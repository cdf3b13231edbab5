"""Gate `predictions`: does each customer have one plausible forecast per horizon?"""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.core import settings
from clv.core.declared import WINDOWS
from clv.quality.rules import Slice, Suite, between, has_rows, never, never_where, unique
from expectations.forecasts import chances_ordered, longer_is_not_less

FACTOR = 5  # a forecast may differ from the year before by this factor without a warning
REMEDY = "look at the log of the task score, then clear it"
MONEY = ("predicted_revenue", "predicted_p10", "predicted_p50", "predicted_p90")
MEASURES = ("p_purchase", "expected_orders", *MONEY, *(f"{name} * discount_factor" for name in MONEY))


def customer_predictions(slice_: Slice) -> Suite:
    """The suite of the table customer_predictions. It has one row per customer and horizon: scored, or with the reason
    for having no forecast."""
    longest = max(settings.load().horizons)
    features = f"(select * from {tables.CUSTOMER_FEATURES} where {slice_.where}) as features"  # noqa: S608 - our own SQL; values are bound or quoted
    return Suite(
        tables.CUSTOMER_PREDICTIONS,
        f"SELECT * from {tables.CUSTOMER_PREDICTIONS} where {slice_.where}",  # noqa: S608 - our own SQL; values are bound or quoted
        [
            has_rows(f"no customer has a forecast at {slice_.as_of_date}", REMEDY),
            unique("customer_key", "horizon_days"),
            *_customers_by_horizon(features),
            between("p_purchase", 0, 1),
            between("p_alive", 0, 1),
            *_scored_or_has_reason(longest),
            *_in_order(),
            chances_ordered("customer_key, horizon_days", REMEDY),
            _next_order_agrees(longest),
            longer_is_not_less(MEASURES, "{now} < {before} * (1 - 1e-6) - 1e-9", REMEDY, "status = 'scored'"),
            _near_last_year(features, longest),
        ],
    )


def _customers_by_horizon(features: str) -> list[Expectation]:
    """Expects each customer with features, and no other, to have a row for each horizon."""
    horizons = ", ".join(f"({days})" for days in settings.load().horizons)
    return [
        never(
            "customers_complete",
            "completeness",
            f"""select features.customer_key, wanted.horizon_days
            from {features} cross join (values {horizons}) as wanted (horizon_days)
            left join {{batch}} as p
                on p.customer_key = features.customer_key and p.horizon_days = wanted.horizon_days
            where p.customer_key is null""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a customer has no row for a horizon",
            REMEDY,
        ),
        never(
            "customers_known",
            "consistency",
            f"""select p.customer_key, p.horizon_days from {{batch}} as p
            left join {features} on features.customer_key = p.customer_key where features.customer_key is null""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a forecast for a customer without features",
            REMEDY,
        ),
    ]


def _scored_or_has_reason(longest: int) -> list[Expectation]:
    """Expects each row to have a complete forecast, or the reason for having none."""
    return [
        never_where(
            "scored_is_complete",
            "completeness",
            "customer_key, horizon_days",
            f"""status = 'scored' and (
                predicted_revenue is null or expected_orders is null or model_version is null
                or (horizon_days <= {longest} and
                    (p_purchase is null or predicted_p10 is null or predicted_p50 is null or predicted_p90 is null))
            )""",
            "a scored row with a forecast missing",
            REMEDY,
        ),
        never_where(
            "unscored_says_why",
            "completeness",
            "customer_key, horizon_days, status",
            "status <> 'scored' and (coalesce(status_reason, '') = '' or predicted_revenue is not null)",
            "a row without a score that gives no reason, or gives a forecast all the same",
            REMEDY,
        ),
    ]


def _in_order() -> list[Expectation]:
    """Expects money to be finite, not negative, and within its interval."""
    return [
        never_where(
            "finite_and_not_negative",
            "accuracy",
            "customer_key, horizon_days, expected_orders, predicted_revenue, predicted_p10, predicted_p90",
            """least(expected_orders, predicted_revenue, predicted_p10) < 0
                or greatest(expected_orders, predicted_revenue, predicted_p90) >= 'Infinity'""",
            "a forecast that is negative or not a finite number",
            REMEDY,
        ),
        never_where(
            "quantiles_ordered",
            "accuracy",
            "customer_key, horizon_days, predicted_p10, predicted_p50, predicted_p90, predicted_revenue",
            """predicted_p10 > predicted_p50 or predicted_p50 > predicted_p90
                or predicted_p10 > predicted_revenue""",
            "the interval's ends and the median are not in order, or its lower end is above the mean",
            REMEDY,
        ),
    ]


def _next_order_agrees(longest: int) -> Expectation:
    return never_where(
        "next_order_agrees",
        "accuracy",
        "customer_key, horizon_days, p_purchase, days_to_next_order",
        f"""horizon_days <= {longest} and (
            (p_purchase > 0.500001 and coalesce(days_to_next_order >= horizon_days, true))
            or (p_purchase < 0.499999 and days_to_next_order < horizon_days)
        )""",
        "the day of the next order lies within a horizon whose chance is under a half, or the other way round",
        REMEDY,
    )


def _near_last_year(features: str, longest: int) -> Expectation:
    window = min((days for days in WINDOWS if days >= longest), default=max(WINDOWS))
    return never(
        "total_near_last_year",
        "accuracy",
        f"""select * from (
            select
                (select sum(predicted_revenue) from {{batch}} where horizon_days = {longest}) as predicted,
                (select sum(revenue_{window}) * {longest / window} from {features}) as last_year
        ) as totals
        where last_year > 0 and predicted not between last_year / {FACTOR} and last_year * {FACTOR}""",  # noqa: S608 - our own SQL; values are bound or quoted
        f"the forecast for {longest} days is under a {FACTOR}th or over {FACTOR} times the last {longest} days",
        severity="warning",
    )


def suites(slice_: Slice) -> list[Suite]:
    """The suites that judge a run at this gate."""
    return [customer_predictions(slice_)]
