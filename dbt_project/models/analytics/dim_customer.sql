{{ config(indexes=[{'columns': ['as_of_date', 'run_id', 'favourite_category']}]) }}

with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as not materialized (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}' and kind = 'order'
),

sums as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

latest_orders as (
    select
        sums.customer_key,
        sums.first_channel,
        orders.channel as latest_channel,
        orders.country
    from sums
    inner join orders
        on sums.customer_key = orders.customer_key and sums.last_order_number = orders.order_number
),

category_sums as (
    select
        customer_key,
        main_category,
        sum(net_revenue) as net_revenue
    from orders
    where main_category is not null
    group by customer_key, main_category
),

favourites as (
    select distinct on (customer_key)
        customer_key,
        main_category as favourite_category
    from category_sums
    order by customer_key, net_revenue desc, main_category
),

-- The last answer before the as-of date counts.
consents as (
    select distinct on (customer_key)
        customer_key,
        may_contact
    from {{ ref('int_consents') }}
    where day < date '{{ given("as_of_date") }}'
    order by customer_key, day desc
),

final as (
    select
        features.as_of_date,
        features.run_id,
        features.customer_key,
        features.first_order_on,
        features.last_order_on,
        date_trunc('month', features.first_order_on)::date as cohort_month,
        features.orders_count,
        features.tenure_days::integer as tenure_days,
        latest_orders.country,
        latest_orders.first_channel,
        latest_orders.latest_channel,
        favourites.favourite_category,
        consents.may_contact,
        coalesce(consents.may_contact, {{ var('unknown_consent') == 'include' }}) as may_be_contacted
    from features
    left join latest_orders on features.customer_key = latest_orders.customer_key
    left join favourites on features.customer_key = favourites.customer_key
    left join consents on features.customer_key = consents.customer_key
)

select * from final
