-- The dimension of data quality that an expectation measures, which analytics.data_quality groups by.

alter table ops.gate_results add column dimension text;
comment on column ops.gate_results.dimension is
'completeness, accuracy, consistency, timeliness or availability, see expectations/dimensions.py; null for what was judged before there were any.';

grant select on ops.gate_results to clv_transformer;
