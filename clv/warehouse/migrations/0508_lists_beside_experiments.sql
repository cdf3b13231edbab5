-- A list that was made before an experiment began still has the experiment's customers. They do not go out while it runs,
-- whatever the list's date (docs/decisions/0211-lists-leave-out-everybody-of-a-running-experiment.md): the function of 0506.

create or replace function ops.listed_addresses(of_list text, of_date date, of_run text)
returns table (
    customer_key uuid,
    place integer,
    channel text,
    action text,
    reason text,
    value_at_stake numeric,
    value_at_stake_p10 numeric,
    value_at_stake_p90 numeric,
    customer_id text,
    email text,
    left_out text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if ops.list_is_approved(of_list, of_date) is not true then
        return;
    end if;
    return query
    with in_experiments as (
        select
            assignments.customer_key,
            experiments.definition ->> 'channel' as channel
        from ops.experiments as experiments
        inner join ops.experiment_assignments as assignments using (experiment)
        where
            (
                experiments.definition ->> 'channel' is not null
                or coalesce((experiments.definition ->> 'contact')::boolean, true)
            )
            and coalesce(
                experiments.stopped_on,
                experiments.started_on + (experiments.definition ->> 'window_days')::integer
            ) > (select max(as_of_date) from analytics.publications where removed_at is null)
    ),
    listed as (
        select
            members.*,
            exists (
                select from in_experiments
                where
                    in_experiments.customer_key = members.customer_key
                    and coalesce(in_experiments.channel, members.channel) = members.channel
            ) as is_in_experiment
        from analytics_runs.list_members as members
        where
            members.list_name = of_list
            and members.as_of_date = of_date
            and members.run_id = of_run
            and members.arm = 'act'
            and exists (
                select from analytics.publications as published
                where published.as_of_date = of_date and published.run_id = of_run
            )
    )
    select
        listed.customer_key,
        listed.place,
        listed.channel,
        listed.action,
        listed.reason,
        listed.value_at_stake,
        listed.value_at_stake_p10,
        listed.value_at_stake_p90,
        case when not listed.is_in_experiment then addresses.customer_id end,
        case when not listed.is_in_experiment then addresses.email end,
        coalesce(addresses.left_out, case when listed.is_in_experiment then 'in an experiment' end)
    from listed
    inner join ops.addresses_of(array(select customer_key from listed)) as addresses using (customer_key)
    order by listed.place, listed.customer_key;
end
$$;

comment on function ops.listed_addresses is
'One row per customer of an approved list, of a published run, who is to be contacted (arm act). Addresses are those of customers who may be contacted by the newest published date, of whose addresses no id has refused contact by its last answer, and who are in no running experiment of the list''s channel; left_out says why others have none.';
