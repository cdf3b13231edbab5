with

batches as (select * from {{ ref('stg_batches') }}),

spend as (select * from {{ source('raw', 'channel_spend') }}),

lines as (
    select
        spend._batch_id as batch_id,
        spend._line as line,
        spend._source as source,
        spend._content as content,
        spend.day,
        spend.channel,
        spend.campaign,
        spend.amount,
        batches.place as batch_place,
        batches.is_withdrawn
    from spend
    inner join batches on spend._batch_id = batches.batch_id
),

-- What the newest batch says of a day, channel and campaign holds. Rows of it that differ add up.
newest as (
    select
        *,
        max(batch_place) over said_of as newest_place,
        row_number() over (
            partition by source, day, channel, campaign, content order by batch_place desc, batch_id desc, line
        ) as place_of_equals
    from lines
    where not is_withdrawn
    window said_of as (partition by source, day, channel, campaign)
),

newest_contents as (
    select distinct
        source,
        content
    from newest
    where batch_place = newest_place
),

final as (
    select
        newest.batch_id,
        newest.line,
        newest.source,
        newest.day,
        newest.channel,
        newest.campaign,
        newest.amount,
        case
            when newest.batch_place = newest.newest_place and newest.place_of_equals = 1 then 'accepted'
            when newest_contents.content is not null then 'duplicate'
            else 'replaced'
        end as verdict
    from newest
    left join newest_contents
        on newest.source = newest_contents.source and newest.content = newest_contents.content
    union all
    select
        batch_id,
        line,
        source,
        day,
        channel,
        campaign,
        amount,
        'withdrawn' as verdict
    from lines
    where is_withdrawn
)

select * from final
