-- The seed segments replaced this table.
drop table if exists analytics_runs.lifecycle_bounds;
