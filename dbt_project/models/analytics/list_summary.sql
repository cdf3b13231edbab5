with

lists as (
    {{ lists_of_shop() | indent(4) }}
),

members as {{ rows_of_run(ref('list_members')) }},

settings as (select * from {{ source('ops', 'settings') }}),

currency as (select value from settings where name = 'currency'),

counted as (
    select
        list_name,
        count(*) as customers,
        count(*) filter (where arm = 'hold out') as customers_held_out,
        sum(value_at_stake) as value_at_stake
    from members
    group by list_name
),

final as (
    select
        date '{{ given("as_of_date") }}' as as_of_date,
        '{{ given("run_id") }}'::text as run_id,
        lists.list_name,
        lists.title,
        lists.priority,
        lists.rule,
        lists.channel,
        lists.action,
        lists.cap,
        lists.holdout_share,
        lists.needs_approval,
        currency.value as currency,
        coalesce(counted.customers, 0)::integer as customers,
        (coalesce(counted.customers, 0) - coalesce(counted.customers_held_out, 0))::integer as customers_to_act_on,
        coalesce(counted.customers_held_out, 0)::integer as customers_held_out,
        counted.value_at_stake::numeric(18, 2) as value_at_stake
    from lists
    left join counted on lists.list_name = counted.list_name
    left join currency on true
)

select * from final
