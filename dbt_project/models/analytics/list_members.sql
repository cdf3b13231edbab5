{{ config(indexes=[{'columns': ['customer_key']}]) }}

{%- set declared = declared_lists(lists_of_shop()) -%}
with

customers as {{ rows_of_run(ref('customer_clv')) }},

segments as {{ rows_of_run(ref('customer_segments')) }},

profiles as {{ rows_of_run(ref('dim_customer')) }},

features as {{ rows_of_run(ref('customer_features')) }},

experiments as (select * from {{ source('ops', 'experiments') }}),

assignments as (select * from {{ source('ops', 'experiment_assignments') }}),

-- Everybody of an experiment that runs on the date, in whatever arm: if lists reached one arm and not the others, the
-- experiment would measure the lists too. Without a channel no list reaches them, if the experiment contacts anybody.
in_experiments as (
    select
        assignments.customer_key,
        experiments.definition ->> 'channel' as channel
    from experiments
    inner join assignments on experiments.experiment = assignments.experiment
    where
        experiments.started_on <= date '{{ given("as_of_date") }}'
        and (
            experiments.definition ->> 'channel' is not null
            or coalesce((experiments.definition ->> 'contact')::boolean, true)
        )
        and coalesce(
            experiments.stopped_on, experiments.started_on + (experiments.definition ->> 'window_days')::integer
        ) > date '{{ given("as_of_date") }}'
),

shop as (select avg(discount_share) as discount_share from features),

-- Consent is required here, before any rule: a rule chooses among these customers and cannot add others.
candidates as materialized (
    select
        {%- for name, column in declared.columns.items() %}
        {{ column }} as {{ name }},
        {%- endfor %}
        customers.customer_key as listed_key,
        customers.historic_revenue as revenue_so_far,
        segments.value_at_stake as at_stake,
        round(customers.predicted_clv_low * customers.churn_risk, 2) as at_stake_p10,
        round(customers.predicted_clv_high * customers.churn_risk, 2) as at_stake_p90
    from customers
    inner join segments on customers.customer_key = segments.customer_key
    inner join profiles on customers.customer_key = profiles.customer_key
    inner join features on customers.customer_key = features.customer_key
    cross join shop
    where {{ is_contactable('profiles') }}
),

{% for list in declared.lists -%}
{%- set channel = "'" ~ list.channel | replace("'", "''") ~ "'" -%}
list_{{ list.number }} as (
    select
        listed_key,
        '{{ list.list_name }}' as list_name,
        {{ channel }} as channel,
        '{{ list.action | replace("'", "''") }}' as action,
        {{ list.reason }} as reason,
        {{ list.holdout_share }} as holdout_share,
        at_stake,
        at_stake_p10,
        at_stake_p90,
        row_number() over (order by at_stake desc nulls last, revenue_so_far desc, listed_key) as place
    from candidates
    where
        ({{ list.rule }})
        and not exists (
            select 1 from in_experiments
            where
                candidates.listed_key = in_experiments.customer_key
                and coalesce(in_experiments.channel, {{ channel }}) = {{ channel }}
        )
        {%- for number in list.before %}
        and not exists (
            select 1 from list_{{ number }} as earlier where candidates.listed_key = earlier.listed_key
        )
        {%- endfor %}
    order by place
    limit {{ list.cap if list.cap is not none else 'all' }}
),

{% endfor -%}
members as (
    select
        null::uuid as listed_key,
        null::text as list_name,
        null::text as channel,
        null::text as action,
        null::text as reason,
        null::numeric as holdout_share,
        null::numeric as at_stake,
        null::numeric as at_stake_p10,
        null::numeric as at_stake_p90,
        null::bigint as place
    where false
    {%- for list in declared.lists %}
    union all
    select * from list_{{ list.number }}
    {%- endfor %}
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        list_name,
        listed_key as customer_key,
        place::integer as place,
        channel,
        action,
        reason,
        at_stake::numeric(18, 2) as value_at_stake,
        at_stake_p10::numeric(18, 2) as value_at_stake_p10,
        at_stake_p90::numeric(18, 2) as value_at_stake_p90,
        case when {{ drawn_share('list_name', 'listed_key') }} < holdout_share then 'hold out' else 'act' end as arm
    from members
)

select * from final
