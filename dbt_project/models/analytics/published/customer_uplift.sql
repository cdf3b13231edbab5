{#- Its rows belong to no run: they are learned once an experiment is over. -#}
with

uplifts as (select * from {{ source('ops', 'customer_uplift').render() }}),

final as (
    select
        experiment,
        customer_key,
        arm,
        uplift,
        cost,
        recommended,
        learned_at
    from uplifts
)

select * from final
