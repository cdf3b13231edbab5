{#- Its rows belong to no run: customers stay in the arm into which they were divided at the start. -#}
with

experiments as (select * from {{ source('ops', 'experiments').render() }}),

assignments as (select * from {{ source('ops', 'experiment_assignments').render() }}),

profiles as (
    {{ published(ref('dim_customer')) | indent(4) }}
),

final as (
    select
        assignments.experiment,
        assignments.customer_key,
        assignments.arm,
        assignments.value_band,
        experiments.started_on,
        coalesce({{ is_contactable('profiles') }}, false) as may_be_contacted
    from assignments
    inner join experiments on assignments.experiment = experiments.experiment
    left join profiles on assignments.customer_key = profiles.customer_key
)

select * from final
