"""Valuable customers at risk, the value at stake, and how many of them may be contacted."""

from __future__ import annotations

from typing import Any

from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "Valuable customers to keep"
LISTED = 20

CONTACTABLE = "coalesce(profiles.may_be_contacted, profiles.may_contact, false)"  # dbt: is_contactable
# The customers of analytics.win_back before the filter for consent. Profiles of old dates are deleted, hence the left
# join.
TO_KEEP = f"""
    select
        clv.customer_key, clv.segment, clv.historic_revenue, clv.predicted_clv, clv.churn_risk,
        segments.value_at_stake, segments.why_slipping,
        profiles.may_contact, {CONTACTABLE} as contactable,
        count(*) over () as of_all, count(*) filter (where {CONTACTABLE}) over () as contactable_of_all,
        sum(segments.value_at_stake) over () as at_stake_of_all,
        jsonb_path_query_first(clv.reasons, '$[*] ? (@.effect > 0)') ->> 'reason' as why_valuable
    from (select * from {RUNS}.customer_clv {SLICE}) as clv
    join (select * from {RUNS}.customer_segments {SLICE} and is_saveable) as segments using (customer_key)
    left join (select * from {RUNS}.dim_customer {SLICE}) as profiles using (customer_key)
    order by segments.value_at_stake desc nulls last, clv.historic_revenue desc, clv.customer_key
    limit %(listed)s
"""  # noqa: S608 - our own names
_CONSENT = f"""
    select
        count(*) filter (where may_be_contacted) as contactable,
        count(*) filter (where may_contact) as agreed,
        count(*) filter (where not may_contact) as refused,
        count(*) filter (where may_contact is null) as unknown
    from {RUNS}.dim_customer {SLICE}
    having count(*) > 0
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any]:
    """Customers by their pseudonyms, the most at stake first, and the counts of customers by consent.

    In each row, `of_all` counts all such customers, `at_stake_of_all` sums what is at stake, `contactable_of_all`
    counts those in win_back, and `why_valuable` is the strongest reason that raises the value. The counts by consent
    are None once the run's profiles are deleted.
    """
    consent = run.rows(_CONSENT)
    return {
        "to_keep": run.rows(TO_KEEP, listed=LISTED),
        "scored": run.totals["scored"],
        "consent": consent[0] if consent else None,
        "horizon_days": run.totals["horizon_days"],
        "currency": run.currency,
    }
