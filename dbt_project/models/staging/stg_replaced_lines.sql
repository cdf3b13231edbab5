{#-
  Rows that were just copied into a table have no statistics yet, and a query plan made without them can take hours.
-#}
{{ config(pre_hook="select ops.take_statistics('{{ source('raw', 'order_lines').render() }}')") }}

with

batches as (select * from {{ ref('stg_batches') }} where not is_withdrawn and not is_read_again),

order_lines as not materialized (select * from {{ source('raw', 'order_lines') }}),

-- Batches that may repeat rows of another batch
candidates as (
    select
        *,
        count(*) over (partition by source, file_name) > 1 as is_redelivered,
        is_by_customer is not null and count(*) over (partition by source) > 1 as is_of_orders
    from batches
),

-- A row without a customer belongs to nobody here: any later delivery of its order id replaces it.
lines as (
    select
        lines._batch_id as batch_id,
        lines._line as line,
        lines._entry as entry,
        lines._source as source,
        lines._row_key as row_key,
        lines._version as version,
        lines.order_id,
        lines.customer_key,
        lines.amount,
        lines.ordered_at,
        candidates.file_name,
        candidates.place,
        candidates.is_redelivered,
        candidates.is_of_orders,
        candidates.row_key in ('order', 'customer_order') as has_whole_orders,
        case when candidates.is_by_customer then lines.customer_key::text else 'anybody' end as owner,
        coalesce(lines.amount, 0) >= 0
        and (
            lines._rule = 'erased'
            or lines.customer_key is not null
            and (lines._rule is not null or lines.amount is not null and lines.ordered_at is not null)
        ) as states_order,
        lines._rule is null and lines.amount > 0 and lines.ordered_at is not null and lines.customer_key is not null
            as is_sale
    from order_lines as lines
    inner join candidates on lines._batch_id = candidates.batch_id
    where lines.order_id is not null and (candidates.is_redelivered or candidates.is_of_orders)
),

-- The orders of each batch. A batch states an order if it contains other lines of it than refunds.
deliveries as (
    select
        source,
        order_id,
        owner,
        batch_id,
        place,
        bool_or(states_order) as states_order,
        bool_or(states_order and has_whole_orders) as states_whole_order,
        bool_or(amount < 0) as has_refunds,
        max(version) filter (where states_order) as version,
        count(*) over (partition by source, order_id) as deliveries
    from lines
    where is_of_orders
    group by source, order_id, owner, batch_id, place
),

-- A delivery without a time of change counts as changed when it arrived.
dated as (
    select
        *,
        bool_or(states_whole_order) over (partition by source, order_id, owner) as is_stated_whole,
        max(version) over (partition by source, order_id, owner order by place, batch_id) as newest_version
    from deliveries
    where deliveries > 1 and states_order and owner is not null
),

newest as (
    select distinct on (source, order_id, owner)
        source,
        order_id,
        owner,
        batch_id,
        place,
        has_refunds
    from dated
    where is_stated_whole
    order by source, order_id, owner, coalesce(version, newest_version) desc nulls last, place desc, batch_id desc
),

of_older_deliveries as (
    select
        lines.batch_id,
        lines.line,
        lines.entry
    from lines
    inner join newest
        on
            lines.source = newest.source
            and lines.order_id = newest.order_id
            and lines.owner = newest.owner
            and lines.batch_id <> newest.batch_id
    inner join deliveries
        on
            lines.source = deliveries.source
            and lines.order_id = deliveries.order_id
            and lines.owner = deliveries.owner
            and lines.batch_id = deliveries.batch_id
    -- Refunds that were delivered alone are kept until a delivery of the order contains refunds too.
    where
        deliveries.states_order
        or (lines.place, lines.batch_id) < (newest.place, newest.batch_id)
        and (newest.has_refunds or coalesce(lines.amount, 0) >= 0)
),

-- A refund that was delivered alone may be delivered alone again, with its time cut to the minute or the day.
refunds as (
    select
        lines.*,
        lines.ordered_at::date as day,
        row_number() over (
            partition by lines.batch_id, lines.order_id, lines.owner, lines.amount, lines.ordered_at::date
            order by lines.ordered_at, lines.line, lines.entry
        ) as number
    from lines
    left join of_older_deliveries as older
        on lines.batch_id = older.batch_id and lines.line = older.line and lines.entry = older.entry
    where lines.has_whole_orders and lines.is_of_orders and lines.amount < 0 and older.batch_id is null
),

repeated_refunds as (
    select
        refunds.batch_id,
        refunds.line,
        refunds.entry
    from refunds
    inner join refunds as again
        on
            refunds.source = again.source
            and refunds.order_id = again.order_id
            and refunds.owner = again.owner
            and refunds.amount = again.amount
            and refunds.day = again.day
            and refunds.number = again.number
    where
        (refunds.place, refunds.batch_id) < (again.place, again.batch_id)
        and refunds.row_key <> again.row_key
        and (
            date_trunc('minute', refunds.ordered_at) = date_trunc('minute', again.ordered_at)
            or refunds.day in (refunds.ordered_at, again.ordered_at)
        )
),

newest_of_anybody as (
    select
        source,
        order_id,
        max(place) as place
    from newest
    group by source, order_id
),

of_nobody as (
    select
        lines.batch_id,
        lines.line,
        lines.entry
    from lines
    inner join newest_of_anybody as newest on lines.source = newest.source and lines.order_id = newest.order_id
    where lines.owner is null and lines.place < newest.place
),

-- If rows have keys of their own, a file that is delivered again under its name may contain less of an order than
-- before. It replaces the order if it contains a sale of it.
redelivered as (
    select lines.*
    from lines
    left join newest
        on lines.source = newest.source and lines.order_id = newest.order_id and lines.owner = newest.owner
    where lines.is_redelivered and newest.batch_id is null
),

repeated_lines as (
    select
        batch_id,
        line,
        entry,
        case
            when customer_key is null
                then max(place) filter (where is_sale) over (partition by source, file_name, order_id)
            else max(place) filter (where is_sale) over (partition by source, file_name, order_id, customer_key)
        end as newest_of_order,
        max(place) over (partition by source, file_name, row_key) as newest_of_row
    from redelivered
),

final as (
    select * from of_older_deliveries
    union
    select * from repeated_refunds
    union
    select * from of_nobody
    union
    select
        batch_id,
        line,
        entry
    from repeated_lines
    where newest_of_row < newest_of_order
)

select * from final
