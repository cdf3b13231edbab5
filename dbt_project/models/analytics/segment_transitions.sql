with

customers as (
    select *
    from {{ ref('customer_clv') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

before as (
    select *
    from {{ ref('customer_segments_before') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

transitions as (
    select
        customers.as_of_date,
        customers.run_id,
        coalesce(before.segment, 'not yet a customer') as from_segment,
        customers.segment as to_segment,
        customers.currency,
        customers.historic_revenue,
        customers.predicted_clv
    from customers
    left join before on customers.customer_key = before.customer_key
),

final as (
    select
        as_of_date,
        run_id,
        from_segment,
        to_segment,
        date '{{ day_before() }}' as before_on,
        currency,
        count(*)::integer as customers,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv
    from transitions
    group by as_of_date, run_id, from_segment, to_segment, currency
)

select * from final
