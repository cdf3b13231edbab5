-- Analysts see in analytics.rejected_rows, which dbt builds, why rows were rejected, but not the rows' values.

grant usage on schema quarantine to clv_transformer;
grant select (batch_id, reason) on quarantine.unreadable_rows to clv_transformer;
