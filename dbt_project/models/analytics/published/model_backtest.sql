with

measured as (
    select
        model_version,
        training_date,
        horizon_days,
        origin,
        contestant,
        metric,
        value,
        published,
        measured_at
    from {{ source('ops', 'model_backtest').render() }}
),

-- The former names of two metrics, kept for one release
former as (
    select
        model_version,
        training_date,
        horizon_days,
        origin,
        contestant,
        replace(metric, '_of_mean', '') as metric,
        value,
        published,
        measured_at
    from measured
    where metric in ('wape_of_mean', 'mae_of_mean')
),

final as (
    select * from measured
    union all
    select * from former
)

select * from final
