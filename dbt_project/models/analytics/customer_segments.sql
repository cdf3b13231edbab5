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
    select distinct on (ranked.customer_key)
        ranked.customer_key,
        value_bands.value_band
    from ranked
    inner join value_bands on ranked.percent_above < value_bands.top_percent
    order by ranked.customer_key, value_bands.top_percent
),

measures as (
    select
        customers.customer_key,
        measured.measure,
        measured.amount
    from customers
    inner join features on customers.customer_key = features.customer_key
    cross join lateral (
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
        ('predicted_clv', customers.predicted_clv),
        ('churn_risk', customers.churn_risk)
    ) as measured (measure, amount)
),

tags as (
    select
        measures.customer_key,
        array_agg(tag_rules.tag order by tag_rules.tag) as tags
    from measures
    inner join tag_rules on measures.measure = tag_rules.measure
    where
        measures.amount >= coalesce(tag_rules.at_least, measures.amount)
        and measures.amount <= coalesce(tag_rules.at_most, measures.amount)
    group by measures.customer_key
),

final as (
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
        {{ persona_id('predictions.persona') }} as persona
    from customers
    left join stages on customers.customer_key = stages.customer_key
    left join bands on customers.customer_key = bands.customer_key
    left join tags on customers.customer_key = tags.customer_key
    left join predictions on customers.customer_key = predictions.customer_key
)

select * from final
