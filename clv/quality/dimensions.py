"""Which dimension of data quality an expectation speaks of: the one place that says so."""

from __future__ import annotations

from fnmatch import fnmatchcase

DIMENSIONS = {
    # Nothing is missing: no value, no row, no customer.
    "completeness": (
        "*_not_null", "missing_*", "customers_complete", "one_row_per_horizon", "scored_*", "unscored_says_why",
        "valued_have_a_band", "rows_accounted_for", "rows_accepted_are_there", "unreadable_*", "batch_volume",
        "weekly_volume",
    ),
    # Values are possible, and plausible.
    "accuracy": (
        "*_in_range", "amount_finite", "dates_plausible", "counts_not_negative", "recency_within_t", "windows_grow",
        "nothing_from_the_future", "finite_and_not_negative", "quantiles_ordered", "longer_is_not_less",
        "total_near_last_year", "chances_ordered", "interval_around_the_mean",
        "ends_rise_with_the_horizon", "new_customers_within_their_interval",
        "next_order_agrees", "refunds_follow_sales", "days_bring_money",
    ),
    # Tables, keys and sums agree with each other.
    "consistency": (
        "key_unique", "customers_known", "customers_add_up", "lines_add_up", "revenue_reconciles", "spend_reconciles",
        "compared_with_staging", "tiers_have_their_shares", "tiers_agree_with_percentiles",
    ),
    "timeliness": ("newest_order",),
    "availability": ("has_rows", "counted"),
}  # fmt: skip


def of(name: str) -> str | None:
    """The dimension of an expectation, by its name without the table; None where it has none yet."""
    return next(
        (
            dimension
            for dimension, patterns in DIMENSIONS.items()
            if any(fnmatchcase(name, pattern) for pattern in patterns)
        ),
        None,
    )
