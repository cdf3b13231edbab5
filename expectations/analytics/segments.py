"""Expectations of the divisions of customers: segments, transitions between them, personas."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.quality.rules import Slice, complete, never
from expectations.analytics.of_run import REMEDY, RUNS, adds_up_to, agree, of_run, same_customers


def customer_segments(slice_: Slice) -> list[Expectation]:
    """The expectations of the table customer_segments. It has one row per customer."""
    return [
        *complete("segment", "lifecycle_stage", "tags"),
        same_customers(
            of_run(slice_, "customer_clv"), "a customer is in only one of customer_segments and customer_clv"
        ),
        never(
            "valued_have_a_band",
            "completeness",
            f"""select customer_key from {{batch}} inner join (
                select customer_key, value_tier from {RUNS}.customer_clv where {slice_.where}
            ) as clv using (customer_key)
            where (value_band is null) <> (clv.value_tier is null)""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a customer has a value tier and no value band, or the other way round",
            REMEDY,
        ),
    ]


def segment_summary(slice_: Slice) -> list[Expectation]:
    """The expectations of the table segment_summary. It has one row per segment."""
    return [
        agree(
            "customers_add_up",
            "consistency",
            "the segments' customers do not add up to all customers",
            "customers_in_segments is distinct from customers",
            customers_in_segments="select sum(customers) from {batch}",
            customers=f"select count(*) from {RUNS}.customer_clv where {slice_.where}",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
    ]


def segment_transitions(slice_: Slice) -> list[Expectation]:
    """The expectations of the table segment_transitions. It has one row per transition from one segment to another."""
    return [
        adds_up_to(
            f"(select segment as to_segment, customers from {of_run(slice_, 'segment_summary')} as summary)",  # noqa: S608 - our own SQL; values are bound or quoted
            "to_segment",
            "the customers who moved to a segment or stayed in it are not its customers",
        ),
    ]


def personas(slice_: Slice) -> list[Expectation]:
    """The expectations of the table personas. It has one row per persona; none without a trained model."""
    return [
        *complete("name", "customers"),
        agree(
            "customers_add_up",
            "consistency",
            "the personas' customers are not those of customer_segments",
            "customers_in_personas is distinct from customers",
            customers_in_personas="select coalesce(sum(customers), 0) from {batch}",
            customers=f"""select count(*) from {RUNS}.customer_segments
                where {slice_.where} and persona is not null""",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
    ]
