with

lines as (
    select *
    from {{ source('raw', 'order_lines') }}
    where currency is not null
),

rates as (select * from {{ ref('stg_rates') }}),

-- Of several rates of a currency for one day, the one that was loaded last counts.
versions as (
    select distinct on (upper(code), day)
        upper(code) as currency,
        day,
        rate
    from rates
    where rate > 0
    order by upper(code), day, batch_id desc, line desc
),

holding as (
    select
        currency,
        day as valid_from,
        lead(day) over (partition by currency order by day) as valid_until,
        rate
    from versions
),

-- A refund that a record states beside its sale is converted like the sale: a refund of the whole leaves nothing.
dated as (
    select
        lines._batch_id as batch_id,
        lines._line as line,
        lines._entry as entry,
        lines.currency,
        lines.fixed_rate,
        coalesce(sales.ordered_at, lines.ordered_at)::date as day
    from lines
    left join lines as sales
        on lines._entry > 0 and lines._batch_id = sales._batch_id and lines._line = sales._line and sales._entry = 0
),

final as (
    select
        dated.batch_id,
        dated.line,
        dated.entry,
        dated.fixed_rate,
        holding.rate
    from dated
    inner join holding
        on
            dated.currency = holding.currency
            and dated.day >= holding.valid_from
            and (dated.day < holding.valid_until or holding.valid_until is null)
)

select * from final
