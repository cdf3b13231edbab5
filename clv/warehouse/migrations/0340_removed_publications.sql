-- Upkeep says of a published run that it has deleted its rows.

alter table analytics.publications add column removed_at timestamptz;
comment on column analytics.publications.removed_at is
'When upkeep deleted the run''s rows; null while it keeps them.';
comment on table analytics.publications is
'One row per act of publishing. The newest row of a date names the run that readers see for it; if its rows are '
'deleted (removed_at), they see none.';

update analytics.publications
set removed_at = removed.removed_at
from (
    select
        run_id,
        max(removed_at) as removed_at
    from ops.removed_slices
    where table_name = 'analytics_runs.customer_clv'
    group by run_id
) as removed
where publications.run_id = removed.run_id;
