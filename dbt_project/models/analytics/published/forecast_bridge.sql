with

{{ changes_of_customers() }}

-- The published dates at which the model is another than at the date before.
models as (
    select
        dates.*,
        used.model_version
    from dates
    cross join
        lateral (
            select customers.model_version
            from customers
            where
                dates.as_of_date = customers.as_of_date
                and dates.run_id = customers.run_id
                and customers.model_version is not null
            order by customers.customer_key
            limit 1
        ) as used
    where dates.as_of_date >= (select min(compared.before_on) from compared)
),

in_turn as (
    select
        *,
        lag(as_of_date) over (order by as_of_date) as from_on,
        lag(run_id) over (order by as_of_date) as from_run_id,
        lag(model_version) over (order by as_of_date) as from_model
    from models
),

switches as (
    select
        compared.since,
        in_turn.*
    from compared
    inner join in_turn on compared.before_on <= in_turn.from_on
    where in_turn.model_version <> in_turn.from_model
),

-- What a new model changed for customers who did nothing: their forecasts at the two dates around it.
remodelled as (
    select
        switches.since,
        paired.customer_key,
        sum(coalesce(new.predicted_clv, 0) - coalesce(old.predicted_clv, 0)) as change
    from switches
    inner join paired on switches.since = paired.since and {{ did_nothing('paired.cause') }}
    inner join customers as new
        on
            switches.as_of_date = new.as_of_date
            and switches.run_id = new.run_id
            and paired.customer_key = new.customer_key
    inner join customers as old
        on
            switches.from_on = old.as_of_date
            and switches.from_run_id = old.run_id
            and paired.customer_key = old.customer_key
    group by switches.since, paired.customer_key
),

parts as (
    select
        paired.since,
        paired.cause as step,
        count(*) as customers,
        sum(paired.change) as amount
    from paired
    where not ({{ did_nothing('paired.cause') }})
    group by paired.since, paired.cause
    union all
    select
        paired.since,
        'time passed' as step,
        count(*) as customers,
        sum(paired.change - coalesce(remodelled.change, 0)) as amount
    from paired
    left join remodelled on paired.since = remodelled.since and paired.customer_key = remodelled.customer_key
    where {{ did_nothing('paired.cause') }}
    group by paired.since
    union all
    select
        since,
        'new model' as step,
        count(*) as customers,
        sum(change) as amount
    from remodelled
    group by since
    union all
    select
        since,
        'forecast before' as step,
        count(predicted_clv_before) as customers,
        sum(coalesce(predicted_clv_before, 0)) as amount
    from paired
    group by since
    union all
    select
        since,
        'forecast' as step,
        count(predicted_clv) as customers,
        sum(coalesce(predicted_clv, 0)) as amount
    from paired
    group by since
),

steps as (
    select *
    from
        (
            values
            {%- for step in steps_of_changes() %}
            ({{ loop.index }}, '{{ step }}'){{ ',' if not loop.last }}
            {%- endfor %}
        ) as given (place, step)
),

currencies as (
    select
        since,
        max(currency) as currency
    from paired
    group by since
),

final as (
    select
        compared.as_of_date,
        compared.run_id,
        compared.since,
        compared.before_on,
        steps.place,
        steps.step,
        currencies.currency,
        coalesce(parts.customers, 0)::integer as customers,
        coalesce(parts.amount, 0)::numeric(18, 2) as predicted_clv
    from compared
    cross join steps
    inner join currencies on compared.since = currencies.since
    left join parts on compared.since = parts.since and steps.step = parts.step
)

select * from final
