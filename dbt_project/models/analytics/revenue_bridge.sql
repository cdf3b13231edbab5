{#-
  Reads the state of the order lines that the run was built from, and staging. If another run has rebuilt staging since,
  rows that do not count may be others; what they state is taken off again, so the sum stays right.
-#}
{%- set steps = [
    ('sales', 'stated', 'stated >= 0'),
    ('refunds', 'stated', 'stated < 0'),
    ('unreadable', '0', "verdict = 'unreadable'"),
    ('rejected', '-stated', "verdict = 'rejected'"),
    ('duplicates', '-stated', "verdict = 'duplicate'"),
    ('replaced', '-stated', "verdict = 'replaced'"),
    ('erased', '-stated', "verdict = 'erased'"),
    ('discounts', '-discount_off', "verdict = 'accepted' and discount_off <> 0"),
    ('tax', '-tax', "verdict = 'accepted' and tax <> 0"),
    ('shipping', '-shipping', "verdict = 'accepted' and shipping <> 0"),
    ('tips', '-tip', "verdict = 'accepted' and tip <> 0"),
    ('gift_cards', '-gift_card', "verdict = 'accepted' and gift_card <> 0"),
    ('other', '-other', "verdict = 'accepted' and stated >= 0 and other <> 0"),
    ('charges_in_refunds', '-other', "verdict = 'accepted' and stated < 0 and other <> 0"),
] %}
with

runs as (
    select *
    from {{ ref('order_line_states') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

lines as (
    select
        order_key,
        ordered_on,
        is_refund,
        amount,
        stated_amount,
        discount_off,
        tax,
        shipping,
        tip,
        gift_card
    from {{ ref('fct_order_lines') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- What a shop has taken back, and what it has read again through another mapping, it did not deliver twice.
batches as (select * from {{ ref('stg_batches') }} where not is_withdrawn and not is_read_again),

counts as (
    select *
    from {{ ref('stg_batch_counts') }}
    where first_ordered_at < date '{{ given("as_of_date") }}'
),

verdicts as (select * from {{ ref('stg_line_verdicts') }} where verdict <> 'accepted'),

raw_lines as (select * from {{ source('raw', 'order_lines') }}),

-- Rows without a time belong to files that have orders before the date.
set_aside as (
    select
        raw_lines._source as source,
        coalesce(to_char(raw_lines.ordered_at, 'YYYY-MM'), 'unknown') as month,
        case
            when verdicts.verdict in ('duplicate', 'replaced', 'erased') then verdicts.verdict else 'rejected'
        end as verdict,
        coalesce(raw_lines.stated_amount, raw_lines.amount, 0) as stated
    from verdicts
    inner join batches on verdicts.batch_id = batches.batch_id
    inner join raw_lines
        on
            verdicts.batch_id = raw_lines._batch_id
            and verdicts.line = raw_lines._line
            and verdicts.entry = raw_lines._entry
    left join counts on raw_lines.ordered_at is null and verdicts.batch_id = counts.batch_id
    where raw_lines.ordered_at < date '{{ given("as_of_date") }}' or counts.batch_id is not null
),

received as (
    select
        split_part(order_key, ':', 1) as source,
        to_char(ordered_on, 'YYYY-MM') as month,
        'accepted' as verdict,
        stated_amount as stated,
        discount_off,
        tax,
        shipping,
        tip,
        gift_card,
        stated_amount - amount - coalesce(discount_off, 0) - coalesce(tax, 0) - coalesce(shipping, 0)
        - coalesce(tip, 0) - coalesce(gift_card, 0) as other,
        amount
    from lines
    union all
    select
        source,
        month,
        verdict,
        stated,
        null as discount_off,
        null as tax,
        null as shipping,
        null as tip,
        null as gift_card,
        null as other,
        null as amount
    from set_aside
    union all
    select
        batches.source,
        'unknown' as month,
        'unreadable' as verdict,
        null as stated,
        null as discount_off,
        null as tax,
        null as shipping,
        null as tip,
        null as gift_card,
        null as other,
        null as amount
    from batches
    inner join counts on batches.batch_id = counts.batch_id
    cross join generate_series(1, batches.rows_unreadable)
),

of_rows as (
    select
        source,
        month,
        {%- for step, amount, condition in steps %}
        count(*) filter (where {{ condition }}) as {{ step }}_rows,
        coalesce(sum({{ amount }}) filter (where {{ condition }}), 0) as {{ step }},
        {%- endfor %}
        coalesce(sum(amount), 0) as amount
    from received
    group by source, month
),

-- A refund counts with its order, whose month and source may be others. Orders are rounded one by one.
lines_of_orders as (
    select
        order_key,
        sum(amount) as amount,
        {{ money('coalesce(sum(amount) filter (where not is_refund), 0)') }}
        + {{ money('coalesce(sum(amount) filter (where is_refund), 0)') }} as rounded
    from lines
    group by order_key
),

of_orders as (
    select
        split_part(orders.order_key, ':', 1) as source,
        to_char(orders.ordered_on, 'YYYY-MM') as month,
        count(*) as order_count,
        sum(lines_of_orders.amount) as amount,
        sum(lines_of_orders.rounded) as rounded,
        sum(orders.net_revenue) as net_revenue
    from orders
    left join lines_of_orders on orders.order_key = lines_of_orders.order_key
    group by split_part(orders.order_key, ':', 1), to_char(orders.ordered_on, 'YYYY-MM')
),

sums as (
    select
        coalesce(of_rows.source, of_orders.source) as source,
        coalesce(of_rows.month, of_orders.month) as month,
        {%- for step, _, _ in steps %}
        of_rows.{{ step }}_rows,
        of_rows.{{ step }},
        {%- endfor %}
        coalesce(of_orders.order_count, 0) as order_count,
        coalesce(of_orders.amount, 0) - coalesce(of_rows.amount, 0) as moved,
        coalesce(of_orders.rounded, 0) as rounded,
        coalesce(of_orders.net_revenue, 0) as net_revenue
    from of_rows
    full join of_orders on of_rows.source = of_orders.source and of_rows.month = of_orders.month
),

listed as (
    {%- for step, _, _ in steps %}
    select
        source,
        month,
        {{ loop.index }} as place,
        '{{ step }}' as step,
        coalesce({{ step }}_rows, 0) as row_count,
        {{ money('coalesce(' ~ step ~ ', 0)') }} as amount,
        rounded,
        net_revenue,
        order_count
    from sums
    union all
    {%- endfor %}
    select
        source,
        month,
        {{ steps | length + 1 }} as place,
        'moved' as step,
        0 as row_count,
        {{ money('moved') }} as amount,
        rounded,
        net_revenue,
        order_count
    from sums
),

with_rounding as (
    select
        source,
        month,
        place,
        step,
        row_count,
        amount
    from listed
    union all
    select
        source,
        month,
        {{ steps | length + 2 }} as place,
        'rounding' as step,
        0 as row_count,
        rounded - sum(amount) as amount
    from listed
    group by source, month, rounded
),

final as (
    select
        *,
        sum(amount) over (partition by source, month order by place) as balance
    from with_rounding
    union all
    select
        source,
        month,
        {{ steps | length + 3 }} as place,
        'net_revenue' as step,
        order_count as row_count,
        net_revenue as amount,
        net_revenue as balance
    from sums
)

select
    runs.as_of_date,
    runs.run_id,
    final.source,
    final.month,
    final.place,
    final.step,
    runs.currency,
    final.row_count::bigint as row_count,
    final.amount::numeric(18, 2) as amount,
    final.balance::numeric(18, 2) as balance
from final
cross join runs
where final.row_count <> 0 or final.amount <> 0 or final.step = 'net_revenue'
