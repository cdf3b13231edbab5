with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

stages as (select * from {{ ref('customer_stages') }}),

value_bands as (select * from {{ ref('value_bands') }}),

reference_ranks as (select * from {{ ref('reference_ranks') }}),

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where
        as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
        and horizon_days = {{ var('main_horizon') }}
),

tag_rules as (select * from {{ ref('tag_rules') }}),

ranked as (
    select
        customer_key,
        {{ percent_above() }} as percent_above
    from customers
    where predicted_clv is not null
),

bands as (
    {{ groups_of_ranks('ranked', 'reference_ranks', 'value_bands', 'value_band') | indent(4) }}
),

measures as (
    select
        customers.customer_key,
        measured.measure,
        measured.amount
    from customers
    inner join features on customers.customer_key = features.customer_key
    cross join
        lateral (
            values
            ('orders_count', customers.orders_count::numeric),
            ('historic_revenue', customers.historic_revenue),
            ('average_order_value', customers.average_order_value),
            ('days_since_last_order', features.days_since_last_order::numeric),
            ('days_overdue', customers.days_overdue::numeric),
            ('tenure_days', features.tenure_days::numeric),
            ('distinct_categories', features.distinct_categories::numeric),
            ('refund_share', features.refund_share::numeric),
            ('discount_share', features.discount_share::numeric),
            -- For customers who first ordered within the last year, all revenue is within that year.
            ('trend', case when features.tenure_days >= 365 then features.trend::numeric end),
            ('predicted_clv', customers.predicted_clv),
            ('churn_risk', customers.churn_risk)
        ) as measured (measure, amount)
    where measured.amount is not null and measured.measure in (select tag_rules.measure from tag_rules)
),

-- percent: the share of customers with a known measure who have at least as much of it.
standings as (
    select
        *,
        100 * cume_dist() over (partition by measure order by amount desc) as percent
    from measures
),

tags as (
    select
        standings.customer_key,
        array_agg(tag_rules.tag order by tag_rules.tag) as tags
    from standings
    inner join tag_rules on standings.measure = tag_rules.measure
    where
        standings.percent <= tag_rules.highest_percent
        and (tag_rules.above is null or standings.amount > tag_rules.above)
    group by standings.customer_key
),

divided as (
    select
        customers.as_of_date,
        customers.run_id,
        customers.customer_key,
        customers.segment,
        stages.recency_quintile,
        stages.frequency_quintile,
        stages.monetary_quintile,
        customers.lifecycle_stage,
        customers.value_tier,
        bands.value_band,
        customers.churn_band,
        coalesce(tags.tags, array[]::text[]) as tags,
        {{ persona_id('predictions.persona') }} as persona,
        predictions.persona as persona_name,
        round(stages.expected_gap_days::numeric, 1) as expected_gap_days,
        round(stages.gaps_silent::numeric, 2) as gaps_silent,
        -- The rank also uses revenue to date. By the forecast alone, customers with high revenue would leave the group
        -- as soon as they stop ordering.
        coalesce(bands.value_band = 'high', false) or coalesce(stages.monetary_quintile = 5, false) as is_valuable,
        -- predicted_clv is the value of a customer who orders, times the probability of an order.
        round(customers.predicted_clv * customers.churn_risk, 2) as value_at_stake
    from customers
    left join stages on customers.customer_key = stages.customer_key
    left join bands on customers.customer_key = bands.customer_key
    left join tags on customers.customer_key = tags.customer_key
    left join predictions on customers.customer_key = predictions.customer_key
),

final as (
    select
        divided.*,
        divided.is_valuable and divided.lifecycle_stage = 'slipping' as is_saveable,
        case
            when divided.lifecycle_stage != 'slipping' then null
            when customers.days_overdue > 0
                then format(
                    'silent for %s days, an order was due after %s',
                    customers.as_of_date - customers.last_order_on, round(divided.expected_gap_days)
                )
            else concat_ws(
                ': ',
                format('unlikely to order within %s days', customers.horizon_days),
                jsonb_path_query_first(customers.risk_reasons, '$[*] ? (@.effect > 0)') ->> 'reason'
            )
        end as why_slipping
    from divided
    inner join customers on divided.customer_key = customers.customer_key
)

select * from final
