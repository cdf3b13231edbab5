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
        in_turn.*,
        {{ change_of_margin('margins', 'earlier_margins') }} as margin_ratio
    from compared
    inner join in_turn on compared.before_on <= in_turn.from_on
    left join margins on in_turn.as_of_date = margins.as_of_date and in_turn.run_id = margins.run_id
    left join margins as earlier_margins
        on in_turn.from_on = earlier_margins.as_of_date and in_turn.from_run_id = earlier_margins.run_id
    where in_turn.model_version <> in_turn.from_model
),

-- What a new model changed, at the same margin: the forecasts at the two dates around it, of customers who did nothing
-- between them.
remodelled as (
    select
        switches.since,
        paired.customer_key,
        sum(
            coalesce(new.predicted_clv, 0) - round(coalesce(old.predicted_clv, 0) * switches.margin_ratio, 2)
        ) as change
    from switches
    inner join paired
        on
            switches.since = paired.since
            and ({{ did_nothing('paired.cause') }} or paired.cause = 'orders')
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
    where
        not exists (
            select 1
            from orders_now
            where
                paired.customer_key = orders_now.customer_key
                and orders_now.ordered_on >= switches.from_on
                and orders_now.ordered_on < switches.as_of_date
        )
    group by switches.since, paired.customer_key
),

parts as (
    select
        paired.since,
        case when {{ did_nothing('paired.cause') }} then 'time passed' else paired.cause end as step,
        count(*) as customers,
        sum(paired.change - paired.margin_change - coalesce(remodelled.change, 0)) as amount
    from paired
    left join remodelled on paired.since = remodelled.since and paired.customer_key = remodelled.customer_key
    group by paired.since, step
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
        'margin' as step,
        count(*) filter (where margin_change <> 0) as customers,
        sum(margin_change) as amount
    from paired
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
