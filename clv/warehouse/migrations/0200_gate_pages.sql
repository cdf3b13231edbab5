-- The texts that the page of a run's gates shows for an expectation. They replace the documents that Data Docs were
-- built from.

alter table ops.gate_results add column says text, add column expected text, add column mend text;
comment on column ops.gate_results.says is 'What the expectation fails on, in words; null for what was judged before that was kept.';
comment on column ops.gate_results.expected is 'What had to be observed: a range, a date, or no such row.';
comment on column ops.gate_results.mend is 'What to do when it fails, filled in for the first example; null where the layer has to be looked at.';

drop table ops.gate_documents;
