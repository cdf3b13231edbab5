{%- set own_reasons = ['replaced', 'withdrawn', 'missing_order', 'missing_time', 'missing_amount', 'missing_customer'] -%}

with

batches as (select * from {{ source('raw', 'batches') }}),

verdicts as (select * from {{ ref('stg_line_verdicts') }}),

lines as (select * from {{ ref('stg_order_lines') }}),

counts as (
    select
        batch_id,
        count(*) filter (where verdict = 'accepted') as rows_accepted,
        count(*) filter (where verdict = 'duplicate') as rows_duplicate,
        count(*) filter (where verdict not in ('accepted', 'duplicate')) as rows_set_aside,
        count(*) filter (
            where verdict not in ('accepted', 'duplicate', '{{ own_reasons | join("', '") }}')
        ) as rows_by_rule
        {%- for reason in own_reasons %},
        count(*) filter (where verdict = '{{ reason }}') as rows_{{ reason }}
        {%- endfor %}
    from verdicts
    group by batch_id
),

times as (
    select
        batch_id,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at
    from lines
    group by batch_id
),

final as (
    select
        batches.batch_id,
        batches.source,
        batches.file_name,
        batches.rows_received,
        batches.rows_unreadable,
        coalesce(counts.rows_accepted, 0) as rows_accepted,
        coalesce(counts.rows_set_aside, 0) as rows_set_aside,
        coalesce(counts.rows_duplicate, 0) as rows_duplicate,
        coalesce(counts.rows_by_rule, 0) as rows_by_rule,
        {%- for reason in own_reasons %}
        coalesce(counts.rows_{{ reason }}, 0) as rows_{{ reason }},
        {%- endfor %}
        times.first_ordered_at,
        times.last_ordered_at
    from batches
    left join counts on batches.batch_id = counts.batch_id
    left join times on batches.batch_id = times.batch_id
)

select * from final
