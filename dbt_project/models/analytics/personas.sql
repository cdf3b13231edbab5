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

predictions as (
    select *
    from {{ source('predictions', 'customer_predictions') }}
    where
        as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
        and horizon_days = {{ var('main_horizon') }}
        and persona is not null
),

-- Empty unless the model was trained with personas.
sums as (
    select
        predictions.persona as name,
        customers.currency,
        count(*) as customers,
        avg(customers.orders_count) as orders_count,
        avg(features.days_since_last_order::numeric) as days_since_last_order,
        avg(customers.average_days_between_orders) as average_days_between_orders,
        avg(customers.average_order_value) as average_order_value,
        avg(features.distinct_products::numeric) as distinct_products,
        avg(features.refund_share::numeric) as refund_share,
        avg(features.discount_share::numeric) as discount_share,
        avg(features.tenure_days::numeric) as tenure_days,
        avg(customers.churn_risk) as churn_risk,
        sum(customers.historic_revenue) as historic_revenue,
        sum(customers.historic_profit) as historic_profit,
        sum(customers.predicted_clv) as predicted_clv
    from predictions
    inner join customers on predictions.customer_key = customers.customer_key
    inner join features on predictions.customer_key = features.customer_key
    group by predictions.persona, customers.currency
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        {{ persona_id('name') }} as persona,
        name,
        currency,
        customers::integer as customers,
        round(customers / sum(customers) over (), 4) as share_of_customers,
        round(orders_count, 2) as average_orders_count,
        round(days_since_last_order, 1) as average_days_since_last_order,
        round(average_days_between_orders, 1) as average_days_between_orders,
        {{ money('average_order_value') }} as average_order_value,
        round(distinct_products, 1) as average_distinct_products,
        round(refund_share, 4) as average_refund_share,
        round(discount_share, 4) as average_discount_share,
        round(tenure_days, 1) as average_tenure_days,
        round(churn_risk, 4) as average_churn_risk,
        {{ money('historic_revenue / customers') }} as average_historic_revenue,
        historic_revenue,
        historic_profit,
        predicted_clv,
        round(predicted_clv / nullif(sum(predicted_clv) over (), 0), 4) as share_of_predicted_clv
    from sums
)

select * from final
