{#- Its rows belong to no run: a row is of what another system forecast, and is measured again if something changes. -#}
with

scores as (select * from {{ source('ops', 'external_scorecard').render() }}),

final as (
    select
        system,
        as_of_date,
        horizon_days,
        metric,
        matured_on,
        our_as_of_date,
        our_run_id,
        forecasts,
        customers,
        theirs,
        ours,
        difference_low,
        difference_high,
        nearer,
        measured_at
    from scores
)

select * from final
