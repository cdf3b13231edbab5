-- Combinations of quintiles that no rule of the seed gives a segment.
with

rules as (select * from {{ ref('segment_rules') }}),

quintiles as (
    select
        recency,
        frequency,
        monetary
    from generate_series(1, 5) as recency
    cross join generate_series(1, 5) as frequency
    cross join generate_series(1, 5) as monetary
)

select quintiles.*
from quintiles
left join rules
    on
        quintiles.recency between rules.recency_from and rules.recency_to
        and quintiles.frequency between rules.frequency_from and rules.frequency_to
        and quintiles.monetary between rules.monetary_from and rules.monetary_to
where rules.segment is null
