-- What each list has earned (clv/decisions/lists/earnings.py): who came on it when it went out, and what read-outs found.

create table ops.list_entries (
    list_name text not null,
    customer_key uuid not null,
    entered_on date not null,
    arm text not null,
    holdout_share double precision not null,
    value_band text not null,
    forecast double precision not null,
    primary key (list_name, customer_key)
);
comment on table ops.list_entries is
'One row per (list_name, customer_key): the first exported date of a list on which it has the customer, in either arm.';
comment on column ops.list_entries.list_name is 'Name of the list.';
comment on column ops.list_entries.customer_key is 'Keyed pseudonym of the customer.';
comment on column ops.list_entries.entered_on is 'As-of date of the list: the first day of the customer''s window.';
comment on column ops.list_entries.arm is 'act, or hold out, as the list had it on this date.';
comment on column ops.list_entries.holdout_share is 'Share of the list''s customers who were held out by the draw, 0 to 1.';
comment on column ops.list_entries.value_band is 'Value tier on this date.';
comment on column ops.list_entries.forecast is 'Forecast of revenue on this date, 0 without one.';
create index list_entries_by_customer on ops.list_entries (customer_key);

create table ops.list_earnings (
    list_name text not null,
    title text not null,
    metric text not null,
    as_of_date date not null,
    state text not null,
    window_days integer not null,
    first_on date,
    entered integer not null,
    customers integer not null,
    held_out integer not null,
    contacted integer not null,
    contacts integer not null,
    mean double precision,
    held_out_mean double precision,
    difference double precision,
    difference_low double precision,
    difference_high double precision,
    always_valid_low double precision,
    always_valid_high double precision,
    smallest_effect double precision,
    customers_needed bigint,
    earned double precision,
    earned_low double precision,
    earned_high double precision,
    cost double precision,
    net double precision,
    net_low double precision,
    net_high double precision,
    sample_ratio_p double precision,
    currency text not null,
    message text not null,
    measured_at timestamptz not null default now(),
    primary key (list_name, metric)
);
comment on table ops.list_earnings is
'One row per (list_name, metric): the newest read-out of a list''s hold-out. Its columns are those of analytics.list_earnings.';

-- As ops.listed_addresses, a function whose names are looked up when it runs, with the rights of the owner: the exporter
-- itself does not see who is held out.

create function ops.enter_listed(of_list text, of_date date, of_run text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if ops.list_is_approved(of_list, of_date) is not true then
        return;
    end if;
    insert into ops.list_entries (list_name, customer_key, entered_on, arm, holdout_share, value_band, forecast)
    select
        members.list_name,
        members.customer_key,
        members.as_of_date,
        members.arm,
        lists.holdout_share,
        coalesce(customers.value_tier, 'no forecast'),
        coalesce(customers.predicted_revenue, 0)
    from analytics_runs.list_members as members
    inner join analytics_runs.list_summary as lists using (list_name, as_of_date, run_id)
    left join analytics_runs.customer_clv as customers using (customer_key, as_of_date, run_id)
    where
        members.list_name = of_list
        and members.as_of_date = of_date
        and members.run_id = of_run
        and exists (
            select from analytics.publications as published
            where published.as_of_date = of_date and published.run_id = of_run
        )
    on conflict (list_name, customer_key) do nothing;
end
$$;
comment on function ops.enter_listed is
'Records who is on an approved list, of a published run, that goes out: in both arms, and of each customer the first date.';

revoke execute on function ops.enter_listed from public;
grant execute on function ops.enter_listed to clv_exporter;
grant select on ops.list_entries to clv_publisher;
grant select, insert, delete on ops.list_earnings to clv_publisher;
grant select on ops.list_earnings to clv_transformer;
