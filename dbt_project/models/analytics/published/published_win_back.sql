{{ config(alias='win_back') }}

with

customers as (
    {{ published(ref('customer_clv')) | indent(4) }}
),

segments as (
    {{ published(ref('customer_segments')) | indent(4) }}
),

profiles as (
    {{ published(ref('dim_customer')) | indent(4) }}
),

final as (
    select
        customers.as_of_date,
        customers.customer_key,
        customers.currency,
        customers.historic_revenue,
        customers.predicted_clv,
        customers.churn_risk,
        customers.days_overdue,
        customers.last_order_on,
        customers.value_tier,
        customers.lifecycle_stage,
        customers.run_id
    from customers
    inner join segments on customers.customer_key = segments.customer_key
    inner join profiles on customers.customer_key = profiles.customer_key
    where
        -- By the forecast alone, whoever brought much and went quiet would drop out for being quiet
        (segments.value_band = 'high' or segments.monetary_quintile = 5)
        and profiles.may_contact
        and (customers.churn_risk > 0.5 or customers.lifecycle_stage in ('at risk', 'lapsed'))
)

select * from final
