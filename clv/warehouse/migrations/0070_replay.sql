-- A file read again after a mistake is mended takes the place that it had: what came later still counts before it.

alter table raw.batches add column replay_of bigint references raw.batches;
comment on column raw.batches.replay_of is
'First batch of this file, whose place this one took by `clv replay`; null where the file came.';
