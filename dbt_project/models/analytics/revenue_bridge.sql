{#-
  Reads the state of the order lines that the run was built from, and staging. If another run has rebuilt staging since,
  rows that do not count may be others; what they state is taken off again, so the sum stays right.
-#}
{%- set parts = ['discount_off', 'tax', 'shipping', 'tip', 'gift_card'] %}
{#- Each step: its name, its money, its rows, and what it is of. -#}
{%- set steps = [
    ('sales', 'stated', 'line_count', 'not is_refund'),
    ('refunds', 'stated', 'line_count', 'is_refund'),
    ('unreadable', '0', 'line_count', "verdict = 'unreadable'"),
    ('rejected', '-stated', 'line_count', "verdict = 'rejected'"),
    ('duplicates', '-stated', 'line_count', "verdict = 'duplicate'"),
    ('replaced', '-stated', 'line_count', "verdict = 'replaced'"),
    ('erased', '-stated', 'line_count', "verdict = 'erased'"),
    ('discounts', '-discount_off', 'discount_off_rows', 'true'),
    ('tax', '-tax', 'tax_rows', 'true'),
    ('shipping', '-shipping', 'shipping_rows', 'true'),
    ('tips', '-tip', 'tip_rows', 'true'),
    ('gift_cards', '-gift_card', 'gift_card_rows', 'true'),
    ('other', '-other', 'other_rows', 'not is_refund'),
    ('charges_in_refunds', '-other', 'other_rows', 'is_refund'),
] %}
with

runs as (
    select *
    from {{ ref('order_line_states') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- The lines are read once: by order, batch, day and sign.
lines as (
    select
        order_key,
        batch_id,
        ordered_on,
        is_refund,
        count(*) as line_count,
        sum(stated_amount) as stated,
        sum(amount) as amount,
        {%- for part in parts %}
        coalesce(sum({{ part }}), 0) as {{ part }},
        count(nullif({{ part }}, 0)) as {{ part }}_rows,
        {%- endfor %}
        count(*) filter (
            where
            stated_amount <> amount
            and stated_amount <> amount
            {%- for part in parts %}
            + coalesce({{ part }}, 0)
            {%- endfor %}
        ) as other_rows
    from {{ ref('fct_order_lines') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
    group by order_key, batch_id, ordered_on, is_refund
),

orders as (
    select *
    from {{ ref('fct_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

-- What a shop has taken back, and what it has read again through another mapping, it did not deliver twice.
all_batches as (select * from {{ ref('stg_batches') }}),

batches as (select * from all_batches where not is_withdrawn and not is_read_again),

counts as (
    select *
    from {{ ref('stg_batch_counts') }}
    where first_ordered_at < date '{{ given("as_of_date") }}'
),

verdicts as (select * from {{ ref('stg_line_verdicts') }} where verdict <> 'accepted'),

raw_lines as (select * from {{ source('raw', 'order_lines') }}),

line_rates as (select * from {{ ref('stg_line_rates') }}),

-- Rows without a time belong to files that have orders before the date.
set_aside as (
    select
        verdicts.batch_id,
        raw_lines.ordered_at::date as ordered_on,
        verdicts.verdict,
        coalesce(raw_lines.stated_amount, raw_lines.amount, 0) < 0 as is_refund,
        count(*) as line_count,
        sum({{ at_rate_of_day('coalesce(raw_lines.stated_amount, raw_lines.amount, 0)') }}) as stated
    from verdicts
    inner join raw_lines
        on
            verdicts.batch_id = raw_lines._batch_id
            and verdicts.line = raw_lines._line
            and verdicts.entry = raw_lines._entry
    left join line_rates
        on
            verdicts.batch_id = line_rates.batch_id
            and verdicts.line = line_rates.line
            and verdicts.entry = line_rates.entry
    left join counts on raw_lines.ordered_at is null and verdicts.batch_id = counts.batch_id
    where raw_lines.ordered_at < date '{{ given("as_of_date") }}' or counts.batch_id is not null
    group by
        verdicts.batch_id,
        raw_lines.ordered_at::date,
        verdicts.verdict,
        coalesce(raw_lines.stated_amount, raw_lines.amount, 0) < 0
),

received as (
    select
        batch_id,
        ordered_on,
        'accepted' as verdict,
        is_refund,
        line_count,
        stated,
        amount,
        {%- for part in parts %}
        {{ part }},
        {{ part }}_rows,
        {%- endfor %}
        stated - amount
        {%- for part in parts %}
        - {{ part }}
        {%- endfor %} as other,
        other_rows
    from lines
    union all
    select
        batch_id,
        ordered_on,
        case when verdict in ('duplicate', 'replaced', 'erased') then verdict else 'rejected' end as verdict,
        is_refund,
        line_count,
        stated,
        0 as amount,
        {%- for part in parts %}
        0 as {{ part }},
        0 as {{ part }}_rows,
        {%- endfor %}
        0 as other,
        0 as other_rows
    from set_aside
    union all
    select
        batches.batch_id,
        null as ordered_on,
        'unreadable' as verdict,
        null as is_refund,
        batches.rows_unreadable as line_count,
        0 as stated,
        0 as amount,
        {%- for part in parts %}
        0 as {{ part }},
        0 as {{ part }}_rows,
        {%- endfor %}
        0 as other,
        0 as other_rows
    from batches
    inner join counts on batches.batch_id = counts.batch_id
    where batches.rows_unreadable > 0
),

-- Every row in its month; a row that counts is in its own batch, whatever has become of the batch since.
of_months as (
    select
        all_batches.source,
        coalesce(to_char(received.ordered_on, 'YYYY-MM'), 'unknown') as month,
        received.*
    from received
    inner join all_batches on received.batch_id = all_batches.batch_id
    left join batches on received.batch_id = batches.batch_id
    where received.verdict = 'accepted' or batches.batch_id is not null
),

of_rows as (
    select
        source,
        month,
        {%- for step, amount, rows, condition in steps %}
        coalesce(sum({{ rows }}) filter (where {{ condition }}), 0) as {{ step }}_rows,
        coalesce(sum({{ amount }}) filter (where {{ condition }}), 0) as {{ step }},
        {%- endfor %}
        coalesce(sum(amount), 0) as amount
    from of_months
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
        {%- for step, _, _, _ in steps %}
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
    {%- for step, _, _, _ in steps %}
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
