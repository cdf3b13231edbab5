with

{# As in published(), `render` keeps a build with --empty from emptying the view. #}
every_result as (select * from {{ source('ops', 'gate_results').render() }}),

publications as (select * from {{ source('analytics', 'publications').render() }}),

published_results as (
    {{ published(source('ops', 'gate_results'), history=true) | indent(4) }}
),

-- Of a date without a publication, the run that a gate stopped last.
stopped_runs as (
    select distinct on (as_of_date)
        as_of_date,
        run_id
    from every_result
    where
        not success
        and severity = 'critical'
        and as_of_date not in (select publications.as_of_date from publications)
    order by as_of_date, judged_at desc
),

gate_results as (
    select
        published_results.*,
        true as is_published
    from published_results
    union all
    select
        every_result.*,
        false as is_published
    from stopped_runs
    inner join every_result
        on stopped_runs.as_of_date = every_result.as_of_date and stopped_runs.run_id = every_result.run_id
),

judged as (
    select
        as_of_date,
        run_id,
        replace(split_part(expectation, ': ', 1), 'analytics_runs.', 'analytics.') as table_name,
        split_part(expectation, ': ', 2) as expectation,
        dimension,
        success,
        observed,
        rows_judged,
        is_published
    from gate_results
    where dimension is not null
),

judged_tables as (
    select
        as_of_date,
        run_id,
        table_name,
        is_published,
        max(rows_judged) as rows_judged
    from judged
    group by as_of_date, run_id, table_name, is_published
),

dimensions as (
    select name
    from unnest(array['completeness', 'accuracy', 'consistency', 'timeliness', 'availability']) as names (name)
),

-- The newest order is the same for every table of a run, since all are built from the same orders.
newest_orders as (
    select
        as_of_date,
        run_id,
        max(left(observed, 10)::date) as newest_order_on
    from judged
    where expectation = 'newest_order' and observed ~ '^\d{4}-\d\d-\d\d'
    group by as_of_date, run_id
),

counted as (
    select
        judged_tables.as_of_date,
        judged_tables.run_id,
        judged_tables.table_name,
        dimensions.name as dimension,
        judged_tables.is_published,
        max(judged_tables.rows_judged) as rows_judged,
        count(judged.expectation)::integer as expectations,
        count(judged.expectation) filter (where judged.success)::integer as met,
        string_agg(judged.expectation, ', ' order by judged.expectation) filter (where not judged.success) as not_met
    from judged_tables
    cross join dimensions
    left join judged
        on
            judged_tables.as_of_date = judged.as_of_date
            and judged_tables.run_id = judged.run_id
            and judged_tables.table_name = judged.table_name
            and dimensions.name = judged.dimension
    group by
        judged_tables.as_of_date,
        judged_tables.run_id,
        judged_tables.table_name,
        judged_tables.is_published,
        dimensions.name
),

timed as (
    select
        counted.*,
        newest_orders.newest_order_on,
        counted.as_of_date - newest_orders.newest_order_on as days_old
    from counted
    left join newest_orders
        on counted.as_of_date = newest_orders.as_of_date and counted.run_id = newest_orders.run_id
),

final as (
    select
        as_of_date,
        run_id,
        table_name,
        dimension,
        round(
            case
                when dimension = 'timeliness' then least(1, greatest(0, 1 - (days_old - 1) / 7.0))
                else met::numeric / nullif(expectations, 0)
            end,
            4
        ) as score,
        case when dimension = 'timeliness' then num_nonnulls(newest_order_on) else expectations end as expectations,
        rows_judged,
        case
            when dimension = 'timeliness' and newest_order_on is null then 'It is not known how new the orders were.'
            when dimension = 'timeliness'
                then
                    format(
                        'The newest order was of %s, %s before the date.',
                        newest_order_on,
                        case days_old when 1 then '1 day' else days_old || ' days' end
                    )
            when expectations = 0 then 'Nothing is expected of the table here.'
            when dimension = 'availability' and met = expectations then format('There, with %s rows.', rows_judged)
            when met = expectations then format('Met: all %s.', expectations)
            else format('Met: %s of %s. Not met: %s.', met, expectations, not_met)
        end as explanation,
        is_published
    from timed
)

select * from final
