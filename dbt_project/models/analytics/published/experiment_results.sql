{#- Its rows belong to no run: a row is of what a read-out found. -#}
with

results as (select * from {{ source('ops', 'experiment_results').render() }}),

final as (
    select
        experiment,
        as_of_date,
        metric,
        arm,
        control,
        state,
        started_on,
        window_days,
        days_read,
        customers,
        control_customers,
        mean,
        control_mean,
        difference,
        difference_low,
        difference_high,
        p_value,
        adjusted_difference,
        adjusted_low,
        adjusted_high,
        always_valid_low,
        always_valid_high,
        sample_ratio_p,
        currency,
        message,
        measured_at
    from results
)

select * from final
