-- Order lines have no foreign key to their batch, because checking it for every line takes longer than the load. Only
-- the loader writes both, in one transaction.

alter table raw.order_lines drop constraint order_lines__batch_id_fkey;
comment on column raw.order_lines._batch_id is 'Batch the row came in: raw.batches.';
comment on column raw.order_lines._line is
'Line of the row''s record in its file as an editor counts it, the header being line 1; in Parquet the row''s number from 1.';
