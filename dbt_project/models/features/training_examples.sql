{{ config(unique_key=['training_date', 'run_id']) }}

with

customer_days as (select * from {{ ref('int_customer_days') }}),

outcome_days as (select * from {{ ref('int_outcome_days') }}),

first_purchases as (
    select
        customer_key,
        min(day) as first_purchase_on
    from customer_days
    where is_purchase_day
    group by customer_key
),

origins as (
    select as_of_date
    from (values {% for day in given('origins').split(',') %}(date '{{ day }}'){{ ', ' if not loop.last }}{% endfor %})
        as listed (as_of_date)
),

-- Models learn from customers drawn at each origin: those with the lowest hashes of that day. Whether a customer is
-- drawn does not depend on the order of rows, and the absence of another one only lets the next in. At the training
-- date itself, all customers are wanted, for the references of the model.
drawn as materialized (
    select
        origins.as_of_date,
        known.customer_key
    from origins
    cross join lateral (
        select first_purchases.customer_key
        from first_purchases
        where origins.as_of_date > first_purchases.first_purchase_on
        order by
            hashtextextended(first_purchases.customer_key::text, origins.as_of_date - date '1970-01-01'),
            first_purchases.customer_key
        limit
            case
                when origins.as_of_date < date '{{ given("training_date") }}' then {{ var('customers_per_origin') }}
            end
    ) as known
),

features as (
    {{ customer_features(given('origins').split(','), 'drawn') | indent(4) }}
),

-- The outcomes after each origin, up to the longest window.
next_days as (
    select
        features.as_of_date,
        features.customer_key,
        outcome_days.is_purchase_day,
        outcome_days.net_revenue,
        outcome_days.day - features.as_of_date as days_after
    from features
    inner join outcome_days
        on
            features.customer_key = outcome_days.customer_key
            and features.as_of_date <= outcome_days.day
            and features.as_of_date + {{ var('windows') | max }} > outcome_days.day
    where outcome_days.day < date '{{ given("training_date") }}'
),

outcomes as (
    select
        {% for days in var('windows') %}
        {{ purchases_within('days_after < ' ~ days) }} as orders_next_{{ days }},
        {{ revenue_within('days_after < ' ~ days) }} as revenue_next_{{ days }},
        {% endfor %}
        as_of_date,
        customer_key
    from next_days
    group by as_of_date, customer_key
),

-- An outcome is known only when its window is closed.
final as (
    select
        features.*,
        jsonb_build_object(
            {% for days in var('windows') %}
            '{{ days }}',
            case
                when features.as_of_date + {{ days }} <= date '{{ given("training_date") }}'
                    then coalesce(outcomes.orders_next_{{ days }}, 0)
            end{{ "," if not loop.last }}
            {% endfor %}
        ) as orders_next,
        jsonb_build_object(
            {% for days in var('windows') %}
            '{{ days }}',
            case
                when features.as_of_date + {{ days }} <= date '{{ given("training_date") }}'
                    then coalesce(outcomes.revenue_next_{{ days }}, 0)
            end{{ "," if not loop.last }}
            {% endfor %}
        ) as revenue_next,
        date '{{ given("training_date") }}' as training_date,
        '{{ given("run_id") }}'::text as run_id
    from features
    left join outcomes
        on features.as_of_date = outcomes.as_of_date and features.customer_key = outcomes.customer_key
)

select * from final
