with

batches as (select * from {{ ref('stg_batches') }}),

readings as (
    select
        source,
        content_sha256,
        max(place) as newest_place
    from batches
    where not is_withdrawn
    group by source, content_sha256
),

spend as (select * from {{ source('raw', 'channel_spend') }}),

lines as (
    select
        spend._batch_id as batch_id,
        spend._line as line,
        spend._source as source,
        spend._content as content,
        spend._rule as rule,
        spend.day,
        spend.channel,
        spend.campaign,
        spend.amount,
        batches.file_name,
        readings.newest_place as newest_reading,
        batches.place as batch_place,
        batches.is_withdrawn
    from spend
    inner join batches on spend._batch_id = batches.batch_id
    left join readings on batches.source = readings.source and batches.content_sha256 = readings.content_sha256
),

-- The last statement counts: for a day, channel and campaign by any file; for a day and channel by the same file, which
-- may have renamed its campaigns; for everything by the same content read in another way. A row rejected by a filter
-- states that nothing was spent. Rows of one batch add up.
ranked as (
    select
        *,
        greatest(
            max(batch_place) over (partition by source, day, channel, campaign),
            max(batch_place) over (partition by source, file_name, day, channel),
            newest_reading
        ) as newest_place
    from lines
    where not is_withdrawn
),

kept as (
    select distinct
        source,
        content
    from ranked
    where batch_place = newest_place and rule is null
),

final as (
    select
        ranked.batch_id,
        ranked.line,
        ranked.source,
        ranked.day,
        ranked.channel,
        ranked.campaign,
        ranked.amount,
        case
            when ranked.rule is not null then ranked.rule
            when ranked.batch_place = ranked.newest_place then 'accepted'
            when kept.content is not null then 'duplicate'
            else 'replaced'
        end as verdict
    from ranked
    left join kept on ranked.source = kept.source and ranked.content = kept.content
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
