with

customers as (
    {{ published(ref('customer_clv')) | indent(4) }}
),

named as (
    select
        *,
        coalesce(value_tier, 'no forecast') as tier
    from customers
),

sums as (
    select
        as_of_date,
        currency,
        segment,
        tier as value_tier,
        lifecycle_stage,
        count(*) as customers,
        count(predicted_clv) as scored,
        sum(orders_count) as orders_count,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv
    from named
    group by as_of_date, currency, segment, tier, lifecycle_stage
),

ranked as (
    select
        *,
        coalesce(sum(customers) filter (where customers < {{ var('smallest_group') }}) over (), 0) as in_small_groups,
        sum(customers) over (order by customers, segment, value_tier, lifecycle_stage) - customers as in_smaller_groups
    from sums
),

-- Segments too small to be shown are merged into one group. If that group is too small as well, the next larger segment
-- is merged into it. So no small group can be computed by subtracting the shown ones from a total.
folded as (
    select
        *,
        customers < {{ var('smallest_group') }}
        or (in_small_groups > 0 and in_smaller_groups < {{ var('smallest_group') }}) as is_folded
    from ranked
),

named_groups as (
    select
        as_of_date,
        currency,
        customers,
        scored,
        orders_count,
        historic_revenue,
        predicted_clv,
        case when is_folded then 'other' else segment end as segment,
        case when is_folded then 'other' else value_tier end as value_tier,
        case when is_folded then 'other' else lifecycle_stage end as lifecycle_stage
    from folded
),

final as (
    select
        as_of_date,
        currency,
        segment,
        value_tier,
        lifecycle_stage,
        sum(customers)::integer as customers,
        sum(orders_count)::bigint as orders_count,
        sum(historic_revenue) as historic_revenue,
        case when sum(scored) >= {{ var('smallest_group') }} then sum(predicted_clv) end as predicted_clv
    from named_groups
    group by as_of_date, currency, segment, value_tier, lifecycle_stage
    having sum(customers) >= {{ var('smallest_group') }}
)

select * from final
