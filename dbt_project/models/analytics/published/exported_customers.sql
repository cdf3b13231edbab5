{#- Its rows belong to no run: what has gone out stays, whatever is published later. -#}
with

exports as (select * from {{ source('ops', 'exports').render() }}),

final as (
    select
        list_name,
        as_of_date,
        customer_key,
        channel,
        destination,
        added_at,
        state,
        sent_at
    from exports
)

select * from final
