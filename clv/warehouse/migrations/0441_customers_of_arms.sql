-- How many customers each arm had at the start. Erasures remove assignments, so that their number does not say how many
-- were lost.

alter table ops.experiments add column customers jsonb not null default '{}';
comment on column ops.experiments.customers is 'Number of customers in each arm at the start.';
update ops.experiments set customers = coalesce((
    select jsonb_object_agg(arms.arm, arms.customers)
    from (
        select arm, count(*) as customers
        from ops.experiment_assignments as assigned
        where assigned.experiment = experiments.experiment
        group by arm
    ) as arms
), '{}');
