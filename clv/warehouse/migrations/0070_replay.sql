-- A file that is read again after a correction keeps its place: files that were loaded later still take precedence.

alter table raw.batches add column replay_of bigint references raw.batches;
comment on column raw.batches.replay_of is
'First batch of this file, whose place this one took by `clv replay`; null where the file came.';
