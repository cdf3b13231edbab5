{#
  The verdict on each received row of a kind of source: accepted, duplicate, replaced, withdrawn, or the name of the
  filter that rejects it.
  A row is accepted unless a later batch has a row with the same values of `replaces`, a later file of the same name
  has a row with the same values of `replaces_in_file`, or the same content was loaded again. A row that a filter
  rejects also replaces earlier rows: it says that there is nothing for these values. Rows of one batch do not replace
  each other.
  rows: a CTE or table with the received rows, as raw has them. The macro expects the CTE `batches`. Columns of the
  result: batch_id, line, source, those of `kept`, verdict.
#}
{% macro verdicts_of_newest(rows, replaces, replaces_in_file, kept) %}
with

readings as (
    select
        source,
        content_sha256,
        max(place) as newest_place
    from batches
    where not is_withdrawn
    group by source, content_sha256
),

lines as (
    select
        received._batch_id as batch_id,
        received._line as line,
        received._source as source,
        received._content as content,
        received._rule as rule,
        {%- for column in (replaces + replaces_in_file + kept) | unique %}
        received.{{ column }},
        {%- endfor %}
        batches.file_name,
        readings.newest_place as newest_reading,
        batches.place as batch_place,
        batches.is_withdrawn
    from {{ rows }} as received
    inner join batches on received._batch_id = batches.batch_id
    left join readings on batches.source = readings.source and batches.content_sha256 = readings.content_sha256
),

ranked as (
    select
        *,
        greatest(
            max(batch_place) over (partition by source, {{ replaces | join(', ') }}),
            max(batch_place) over (partition by source, file_name, {{ replaces_in_file | join(', ') }}),
            newest_reading
        ) as newest_place
    from lines
    where not is_withdrawn
),

kept as (
    select distinct
        source,
        content
    from ranked
    where batch_place = newest_place and rule is null
),

final as (
    select
        ranked.batch_id,
        ranked.line,
        ranked.source,
        {%- for column in kept %}
        ranked.{{ column }},
        {%- endfor %}
        case
            when ranked.rule is not null then ranked.rule
            when ranked.batch_place = ranked.newest_place then 'accepted'
            when kept.content is not null then 'duplicate'
            else 'replaced'
        end as verdict
    from ranked
    left join kept on ranked.source = kept.source and ranked.content = kept.content
    union all
    select
        batch_id,
        line,
        source,
        {%- for column in kept %}
        {{ column }},
        {%- endfor %}
        'withdrawn' as verdict
    from lines
    where is_withdrawn
)

select * from final
{%- endmacro %}

{# The kinds that staging judges without a model of their own: kind, raw_table, replaces, replaces_in_file. #}
{% macro declared_kinds() %}
    {%- set registered -%}
        select
            kind,
            raw_table,
            (select string_agg(quote_ident(name), ',') from unnest(replaces) as of (name)) as replaces,
            (select string_agg(quote_ident(name), ',') from unnest(replaces_in_file) as of (name)) as replaces_in_file
        from raw.kinds
        order by kind
    {%- endset -%}
    {%- set kinds = [] -%}
    {%- if execute -%}
        {%- for row in run_query(registered) -%}
            {%- do kinds.append({
                'kind': row[0],
                'raw_table': row[1],
                'replaces': row[2].split(','),
                'replaces_in_file': row[3].split(',')
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(kinds) }}
{% endmacro %}

{#
  The rows that count of a kind of source, with the columns of the model's yml, which the raw table has under the same
  names. Without the kind's table, which `clv up` creates, there are no rows.
#}
{% macro accepted_rows(kind) %}
{%- set tables = declared_kinds() | selectattr('kind', 'equalto', kind) | map(attribute='raw_table') | list %}
{%- set columns = model.columns.values() | rejectattr('name', 'in', ['batch_id', 'line', 'source']) | list %}
with

verdicts as (
    select *
    from {{ ref('stg_kind_verdicts') }}
    where kind = '{{ kind }}' and verdict = 'accepted'
),

final as (
    select
        verdicts.batch_id,
        verdicts.line,
        verdicts.source,
        {%- for column in columns %}
        {{ 'received.' ~ column.name if tables else 'null::' ~ column.data_type ~ ' as ' ~ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from verdicts
    {%- if tables %}
    inner join {{ tables[0] }} as received on verdicts.batch_id = received._batch_id and verdicts.line = received._line
    {%- endif %}
)

select * from final
{%- endmacro %}

{#
  CTEs that `rows_of_orders` expects: `sources`, the names of all sources, and `orders`, those of the run. They are as in
  fct_orders, a view that the set-up makes and that reads the costs of orders. `states` is the run's row of
  order_line_states. kinds: the kinds of orders to find.
#}
{% macro orders_of_run(kinds=['order', 'free', 'refund_only']) -%}
sources as (select distinct source from {{ ref('stg_batches') }}),

states as {{ rows_of_run(ref('order_line_states')) }},

order_versions as not materialized (select * from {{ ref('int_order_versions') }}),

orders as not materialized (
    select order_versions.*
    from {{ orders_of_runs('states', 'order_versions') }}
    where order_versions.kind in ('{{ kinds | join("', '") }}')
),
{%- endmacro %}

{#
  The rows of a CTE that belong to orders known before the date, each with its order: order_key, customer_key,
  ordered_on, charged (what the customer pays, with tax, shipping, tips and sold gift cards). A row whose order_id several
  sources have belongs to no order, unless it names its source.
  The CTEs of `orders_of_run` come before.
#}
{% macro rows_of_orders(rows) %}
select *
from (
    select
        {{ rows }}.*,
        orders.order_key,
        orders.customer_key,
        orders.ordered_on,
        orders.gross_revenue + coalesce(orders.tax, 0) + coalesce(orders.shipping, 0) + coalesce(orders.tip, 0)
        + coalesce(orders.gift_card, 0) as charged,
        count(*) over (partition by {{ rows }}.batch_id, {{ rows }}.line) as orders_of_row
    from {{ rows }}
    inner join sources on coalesce({{ rows }}.order_source, sources.source) = sources.source
    inner join orders on {{ order_key('sources.source', rows ~ '.order_id') }} = orders.order_key
) as found
where orders_of_row = 1
{%- endmacro %}

{# Whether a row of int_products is of the product of a line, with the values of the line's day. #}
{% macro is_of_day(products, lines) -%}
(
        {{ lines }}.product_id = {{ products }}.product_id
        and {{ lines }}.ordered_on >= {{ products }}.valid_from
        and ({{ lines }}.ordered_on < {{ products }}.valid_until or {{ products }}.valid_until is null)
    )
{%- endmacro %}

{#
  The lines of a CTE, each with its worth: what it brought. That is its amount, unless one line has the amount of its
  whole order, as in exports that state totals of orders: then the lines of the order share it by quantity × unit_price
  (is_shared), and order_amount is the amount of the sale.
  The CTE has the columns order_key, batch_id, is_refund, amount, quantity and unit_price.
#}
{% macro worth_of_lines(lines) %}
select
    *,
    case when is_shared then order_amount * coalesce(quantity * unit_price, 0) / order_price else amount end as worth
from (
    select
        *,
        not is_refund and sales > 1 and sales_with_amount = 1 and order_price > 0 as is_shared
    from (
        select
            *,
            count(*) filter (where not is_refund) over of_order as sales,
            count(*) filter (where not is_refund and amount <> 0) over of_order as sales_with_amount,
            sum(amount) filter (where not is_refund) over of_order as order_amount,
            sum(quantity * unit_price) filter (where not is_refund) over of_order as order_price
        from {{ lines }}
        window of_order as (partition by order_key, batch_id)
    ) as counted
) as judged
{%- endmacro %}
