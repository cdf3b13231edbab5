with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

lines as (select * from {{ ref('stg_order_lines') }}),

persons as (select * from {{ source('ops', 'person_keys') }}),

members as (
    select
        account_key,
        customer_key
    from persons
    union
    select
        customer_key as account_key,
        customer_key
    from persons
),

-- The paid orders of each id that is one of several of a person. An order is paid as in int_customer_days.
paid_days as (
    select
        members.customer_key,
        members.account_key,
        lines.order_key
    from members
    inner join lines on members.account_key = lines.customer_key
    where not lines.is_refund and lines.ordered_on < date '{{ given("as_of_date") }}'
    group by members.customer_key, members.account_key, lines.order_key, lines.ordered_on
    having sum(lines.amount) > 0
),

ids as (
    select
        customer_key,
        account_key,
        count(distinct order_key) as orders
    from paid_days
    group by customer_key, account_key
),

joined as (
    select
        customer_key,
        count(*) as ids,
        count(*) filter (where orders > 1) as repeating_ids,
        sum(orders) as orders
    from ids
    group by customer_key
),

counts as (
    select
        count(*) as customers,
        count(*) filter (where orders_count > 1) as repeating_customers
    from features
    where orders_count > 0
),

joined_counts as (
    select
        count(*) as customers,
        count(*) filter (where ids > 1) as joined_customers,
        coalesce(sum(ids) filter (where ids > 1), 0) as joined_ids,
        coalesce(sum(ids), 0) as ids,
        coalesce(sum(repeating_ids), 0) as repeating_ids,
        count(*) filter (where orders > 1) as repeating_customers
    from joined
),

counted as (
    select
        'customer' as counted_by,
        counts.customers,
        joined_counts.joined_customers as joined,
        counts.repeating_customers as repeating
    from counts
    cross join joined_counts
    where joined_counts.customers > 0
    union all
    select
        'id' as counted_by,
        counts.customers - joined_counts.customers + joined_counts.ids as customers,
        joined_counts.joined_ids as joined,
        counts.repeating_customers - joined_counts.repeating_customers + joined_counts.repeating_ids as repeating
    from counts
    cross join joined_counts
    where joined_counts.customers > 0
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        counted_by,
        customers::integer as customers,
        joined::integer as joined,
        round(repeating / nullif(customers, 0)::numeric, 4)::numeric(5, 4) as repeat_rate
    from counted
)

select * from final
