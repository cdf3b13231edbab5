{#- Columns are named one by one, new ones last: only then can the view of an earlier version be replaced in place. -#}
with

slices as (
    {{ published(source('ops', 'clv_scorecard'), history=true) | indent(4) }}
),

final as (
    select
        as_of_date,
        run_id,
        horizon_days,
        grouped_by,
        group_name,
        matured_on,
        currency,
        customers,
        predicted_revenue,
        actual_revenue,
        bias,
        wape_of_median as wape,
        mean_absolute_error,
        coverage_80,
        mean_p_purchase,
        share_bought,
        measured_at,
        wape_of_median
    from slices
    where customers > 0
)

select * from final
