{{ config(alias='model_backtest') }}

with

final as (
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
)

select * from final
