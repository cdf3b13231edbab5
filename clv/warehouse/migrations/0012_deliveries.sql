-- The same content may be loaded again: after a broken file of the same name, the good file is sent once more.

alter table raw.batches add column delivery integer not null default 1;
alter table raw.batches add column landed boolean not null default false;
alter table raw.batches drop constraint batches_source_content_sha256_mapping_sha256_key;
alter table raw.batches add unique (source, content_sha256, mapping_sha256, delivery);
comment on table raw.batches is
'One row per file received. The same content under the same mapping is received once, and again where a later file took its name.';
comment on column raw.batches.delivery is 'How many times this content has come under this mapping, from 1.';
comment on column raw.batches.landed is 'Whether it lay in the landing folder; else it came by `clv ingest`.';
