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
        as_of_date,
        run_id,
        segment,
        horizon_days,
        currency,
        customers::integer as customers,
        customers_scored::integer as customers_scored,
        round(customers / sum(customers) over (), 4) as share_of_customers,
        historic_revenue,
        historic_profit,
        predicted_revenue,
        predicted_profit,
        predicted_clv,
        round(predicted_clv / nullif(sum(predicted_clv) over (), 0), 4) as share_of_predicted_clv,
        lifetime_clv,
        {{ money('average_predicted_clv') }} as average_predicted_clv,
        round(average_churn_risk, 4) as average_churn_risk,
        customers_contactable::integer as customers_contactable,
        customers_agreed::integer as customers_agreed,
        customers_refused::integer as customers_refused,
        customers_consent_unknown::integer as customers_consent_unknown,
        profit_basis
    from sums
)

select * from final
