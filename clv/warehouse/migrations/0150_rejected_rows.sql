-- Analysts see why rows were rejected, in analytics.rejected_rows, which dbt makes; not what the rows held.

grant usage on schema quarantine to clv_transformer;
grant select (batch_id, reason) on quarantine.unreadable_rows to clv_transformer;
