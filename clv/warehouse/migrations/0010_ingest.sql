-- Order lines come through one door, which writes a batch and its lines in one transaction: the check of the
-- reference on every line would take longer than loading it.

alter table raw.order_lines drop constraint order_lines__batch_id_fkey;
comment on column raw.order_lines._batch_id is 'Batch the row came in: raw.batches.';
comment on column raw.order_lines._line is
'Line of the row''s record in its file as an editor counts it, the header being line 1; in Parquet the row''s number from 1.';
