-- Ad spend by day and channel, as received.

alter table raw.batches add column kind text not null default 'orders';
comment on column raw.batches.kind is 'What the file holds: orders (rows in raw.order_lines) or spend (in raw.channel_spend).';

create table raw.channel_spend (
    _batch_id bigint not null,
    _source text not null,
    _loaded_at timestamptz not null default now(),
    _line bigint not null,
    _content uuid not null,
    day date not null,
    channel text not null,
    campaign text,
    amount numeric not null
);
create index on raw.channel_spend (_batch_id);
comment on table raw.channel_spend is
'One row per readable row of a file of ad spend, append-only, under our column names.';
comment on column raw.channel_spend._batch_id is 'Batch the row came in: raw.batches.';
comment on column raw.channel_spend._source is 'Name of the source''s mapping.';
comment on column raw.channel_spend._loaded_at is 'When it was loaded.';
comment on column raw.channel_spend._line is
'Line of the row''s record in its file as an editor counts it, the header being line 1; in Parquet the row''s number from 1.';
comment on column raw.channel_spend._content is 'MD5 of everything the mapping reads from the row.';
comment on column raw.channel_spend.day is 'Day the money was spent.';
comment on column raw.channel_spend.channel is 'Channel it was spent on, in the words of the orders'' channel.';
comment on column raw.channel_spend.campaign is 'Campaign, where the file says so.';
comment on column raw.channel_spend.amount is 'Money spent, in the warehouse''s currency; a credit is negative.';

grant select, insert on raw.channel_spend to clv_loader;
grant select on raw.channel_spend to clv_transformer, clv_publisher;
