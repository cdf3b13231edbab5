with

line_verdicts as (select * from {{ ref('stg_line_verdicts') }}),

spend_verdicts as (select * from {{ ref('stg_spend_verdicts') }}),

kind_verdicts as (select * from {{ ref('stg_kind_verdicts') }}),

lines as (select * from {{ ref('stg_order_lines') }}),

verdicts as (
    select
        batch_id,
        verdict
    from line_verdicts
    union all
    select
        batch_id,
        verdict
    from spend_verdicts
    union all
    select
        batch_id,
        verdict
    from kind_verdicts
),

counts as (
    select
        batch_id,
        verdict,
        count(*) as rows_there
    from verdicts
    group by batch_id, verdict
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
        counts.batch_id,
        counts.verdict,
        counts.rows_there,
        times.first_ordered_at,
        times.last_ordered_at
    from counts
    left join times on counts.batch_id = times.batch_id and counts.verdict = 'accepted'
)

select * from final
