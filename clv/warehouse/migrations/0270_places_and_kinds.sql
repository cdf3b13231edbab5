-- The position of a batch in the order in which batches count: its own, or that of the batch that it replays.
alter table raw.batches add column place bigint generated always as (coalesce(replay_of, batch_id)) stored;
comment on column raw.batches.place is
'Place in the order in which batches count: its own number, or that of the batch whose place a replay took.';
comment on column raw.batches.kind is 'What the file holds: a kind of raw.kinds, such as orders or spend.';

-- The kinds of sources that clv.sources.kinds declares. Staging reads here which tables of raw it has to judge.
create table raw.kinds (
    kind text primary key,
    raw_table text not null,
    replaces text[] not null,
    replaces_in_file text[] not null
);
comment on table raw.kinds is 'The kinds of sources whose rows staging judges by what replaces what: one row per kind.';
comment on column raw.kinds.kind is 'Name of the kind, as a mapping says it.';
comment on column raw.kinds.raw_table is 'Table of raw that holds its rows as received.';
comment on column raw.kinds.replaces is 'Columns of which a later file''s row replaces all earlier ones.';
comment on column raw.kinds.replaces_in_file is 'The same of a file that comes again under its name.';

grant select on raw.kinds to clv_transformer, clv_publisher;
