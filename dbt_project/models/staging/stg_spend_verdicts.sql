with

batches as (select * from {{ ref('stg_batches') }}),

spend as (select * from {{ source('raw', 'channel_spend') }}),

-- A file that is delivered again may name its campaigns differently.
final as (
    {{ verdicts_of_newest(
        'spend', ['day', 'channel', 'campaign'], ['day', 'channel'], ['day', 'channel', 'campaign', 'amount']
    ) }}
)

select * from final
