with

features as (
    {{ customer_features([given('as_of_date')]) | indent(4) }}
),

final as (
    select
        features.*,
        '{{ given("run_id") }}'::text as run_id
    from features
)

select * from final
