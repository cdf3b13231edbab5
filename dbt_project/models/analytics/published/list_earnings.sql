{#- Its rows belong to no run: a row is of what the newest read-out found. -#}
with

earnings as (select * from {{ source('ops', 'list_earnings').render() }}),

final as (
    select
        list_name,
        title,
        metric,
        as_of_date,
        state,
        window_days,
        first_on,
        entered,
        customers,
        held_out,
        contacted,
        contacts,
        mean,
        held_out_mean,
        difference,
        difference_low,
        difference_high,
        always_valid_low,
        always_valid_high,
        smallest_effect,
        customers_needed,
        earned,
        earned_low,
        earned_high,
        cost,
        net,
        net_low,
        net_high,
        sample_ratio_p,
        currency,
        message,
        measured_at
    from earnings
)

select * from final
