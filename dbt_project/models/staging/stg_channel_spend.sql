with

verdicts as (select * from {{ ref('stg_spend_verdicts') }}),

final as (
    select
        batch_id,
        line,
        source,
        day,
        channel,
        campaign,
        amount
    from verdicts
    where verdict = 'accepted'
)

select * from final
