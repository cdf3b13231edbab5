with

features as (
    {{ customer_features([var('as_of_date')]) | indent(4) }}
),

final as (
    select
        features.*,
        '{{ var("run_id") }}'::text as run_id
    from features
)

select * from final
