-- Exports of an experiment's arms: by the same role, and by the same rule who may be contacted. This rule, which 0495 had in
-- the function of lists, now stands once for both.

create function ops.addresses_of(wanted uuid[])
returns table (customer_key uuid, customer_id text, email text, left_out text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with addresses as (
        select customer_key as account_key, lower(email) as address
        from pii.customers
        where email is not null
        union
        select customer_key, lower(customer_id)
        from pii.customers
        where customer_id ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$'
    ),
    of_persons as (
        select distinct coalesce(persons.customer_key, addresses.account_key) as customer_key, addresses.address
        from addresses
        left join ops.person_keys as persons on persons.account_key = addresses.account_key
    ),
    last_answers as (
        select distinct on (customer_key) customer_key, may_contact
        from intermediate.int_consents
        order by customer_key, day desc
    ),
    refused as (
        select distinct of_persons.customer_key
        from of_persons
        where of_persons.address in (
            select others.address
            from of_persons as others
            inner join last_answers on last_answers.customer_key = others.customer_key
            where not last_answers.may_contact
        )
    ),
    found as (
        select
            keys.customer_key,
            customers.customer_id,
            coalesce(
                customers.email,
                other_id.email,
                case when customers.customer_id ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$' then customers.customer_id end
            ) as email,
            case
                when customers.customer_key is null then 'erased'
                when contactable.customer_key is null or refused.customer_key is not null then 'no consent'
            end as left_out
        from unnest(wanted) as keys (customer_key)
        left join pii.customers as customers on customers.customer_key = keys.customer_key
        left join analytics.contactable_customers as contactable on contactable.customer_key = keys.customer_key
        left join refused on refused.customer_key = keys.customer_key
        left join lateral (
            select others.email
            from ops.person_keys as persons
            inner join pii.customers as others on others.customer_key = persons.account_key
            where persons.customer_key = keys.customer_key and others.email is not null
            order by others.loaded_at desc, others.customer_key
            limit 1
        ) as other_id on customers.email is null
    )
    select
        customer_key,
        case when left_out is null then customer_id end,
        case when left_out is null then email end,
        left_out
    from found;
end
$$;
comment on function ops.addresses_of is
'One row per customer. Addresses are those of customers who may be contacted by the newest published date, and of whose addresses no id has refused contact by its last answer; left_out says why others have none.';

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
    with listed as (
        select members.*
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
        addresses.customer_id,
        addresses.email,
        addresses.left_out
    from listed
    inner join ops.addresses_of(array(select customer_key from listed)) as addresses using (customer_key)
    order by listed.place, listed.customer_key;
end
$$;

create function ops.arm_addresses(of_experiment text, of_arm text)
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
    return query
    with assigned as (
        select assignments.customer_key, coalesce(experiments.definition ->> 'channel', 'every channel') as channel
        from ops.experiments as experiments
        inner join ops.experiment_assignments as assignments using (experiment)
        where
            experiments.experiment = of_experiment
            and assignments.arm = of_arm
            and of_arm <> experiments.definition ->> 'control'
            and coalesce((experiments.definition ->> 'contact')::boolean, true)
            and coalesce(
                experiments.stopped_on,
                experiments.started_on + (experiments.definition ->> 'window_days')::integer
            ) > (select max(as_of_date) from analytics.publications where removed_at is null)
    )
    select
        assigned.customer_key,
        row_number() over (order by assigned.customer_key)::integer,
        assigned.channel,
        of_arm,
        'experiment ' || of_experiment,
        null::numeric,
        null::numeric,
        null::numeric,
        addresses.customer_id,
        addresses.email,
        addresses.left_out
    from assigned
    inner join ops.addresses_of(array(select customer_key from assigned)) as addresses using (customer_key)
    order by assigned.customer_key;
end
$$;
comment on function ops.arm_addresses is
'One row per customer of an arm, which is not the control, of an experiment that contacts its customers and runs on the newest published date. Addresses as in listed_addresses.';

comment on table ops.exports is
'One row per (list_name, as_of_date, customer_key, destination): a customer of a list, or of an arm of an experiment, who goes out to a destination once.';
comment on column ops.exports.list_name is 'Name of the list; or of the experiment and its arm, with a dot between.';
comment on column ops.exports.as_of_date is 'As-of date of the list; or the first day of the experiment.';
comment on column ops.exports.channel is
'Channel of the list or experiment; the cap of contacts counts by channel, and `every channel` in each.';

revoke execute on function ops.addresses_of, ops.arm_addresses from public;
grant execute on function ops.arm_addresses to clv_exporter;
