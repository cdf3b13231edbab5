-- The seed segments took its place.
drop table if exists analytics_runs.lifecycle_bounds;
