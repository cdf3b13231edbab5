with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

profiles as (
    select *
    from {{ ref('dim_customer') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

described as (
    select
        customers.*,
        profiles.may_contact,
        profiles.may_be_contacted
    from customers
    inner join profiles on customers.customer_key = profiles.customer_key
),

forecast_totals as (
    select *
    from {{ ref('forecast_totals') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}' and grouped_by = 'segment'
),

sums as (
    select
        as_of_date,
        run_id,
        segment,
        horizon_days,
        currency,
        profit_basis,
        count(*) as customers,
        count(*) filter (where status = 'scored') as customers_scored,
        sum(historic_revenue) as historic_revenue,
        sum(historic_profit) as historic_profit,
        sum(predicted_revenue) as predicted_revenue,
        sum(predicted_profit) as predicted_profit,
        sum(predicted_clv) as predicted_clv,
        sum(lifetime_clv) as lifetime_clv,
        avg(predicted_clv) as average_predicted_clv,
        avg(churn_risk) as average_churn_risk,
        count(*) filter (where may_be_contacted) as customers_contactable,
        count(*) filter (where may_contact) as customers_agreed,
        count(*) filter (where not may_contact) as customers_refused,
        count(*) filter (where may_contact is null) as customers_consent_unknown
    from described
    group by as_of_date, run_id, segment, horizon_days, currency, profit_basis
),

final as (
    select
        sums.as_of_date,
        sums.run_id,
        sums.segment,
        sums.horizon_days,
        sums.currency,
        sums.customers::integer as customers,
        sums.customers_scored::integer as customers_scored,
        round(sums.customers / sum(sums.customers) over (), 4) as share_of_customers,
        sums.historic_revenue,
        sums.historic_profit,
        sums.predicted_revenue,
        forecast_totals.predicted_revenue_low,
        forecast_totals.predicted_revenue_high,
        sums.predicted_profit,
        sums.predicted_clv,
        forecast_totals.predicted_clv_low,
        forecast_totals.predicted_clv_high,
        round(sums.predicted_clv / nullif(sum(sums.predicted_clv) over (), 0), 4) as share_of_predicted_clv,
        sums.lifetime_clv,
        {{ money('sums.average_predicted_clv') }} as average_predicted_clv,
        round(sums.average_churn_risk, 4) as average_churn_risk,
        sums.customers_contactable::integer as customers_contactable,
        sums.customers_agreed::integer as customers_agreed,
        sums.customers_refused::integer as customers_refused,
        sums.customers_consent_unknown::integer as customers_consent_unknown,
        sums.profit_basis
    from sums
    left join forecast_totals
        on sums.segment = forecast_totals.group_name and sums.horizon_days = forecast_totals.horizon_days
)

select * from final
