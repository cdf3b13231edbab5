-- Exports of lists (clv/decisions/exporting): the role that sends them, what it may see of customers, and the ledger.

do $$
begin
    if not exists (select from pg_roles where rolname = 'clv_exporter') then
        -- Roles belong to the whole server: a migration of another database may have created the role at the same
        -- moment.
        begin
            create role clv_exporter login;
        exception
            when duplicate_object or unique_violation then null;
        end;
    end if;
end
$$;

create table ops.exports (
    list_name text not null,
    as_of_date date not null,
    customer_key uuid not null,
    destination text not null,
    run_id text not null,
    channel text not null,
    batch integer not null,
    idempotency_key text not null,
    added_at timestamptz not null default now(),
    state text not null default 'sending' check (state in ('sending', 'sent', 'unsure', 'refused')),
    sent_at timestamptz,
    primary key (list_name, as_of_date, destination, customer_key)
);
comment on table ops.exports is
'One row per (list_name, as_of_date, customer_key, destination): a customer of a list who goes out to a destination once.';
comment on column ops.exports.list_name is 'Name of the list.';
comment on column ops.exports.as_of_date is 'As-of date of the list.';
comment on column ops.exports.customer_key is 'Keyed pseudonym of the customer.';
comment on column ops.exports.destination is 'Name of the destination, as CLV_HOME/destinations declares it.';
comment on column ops.exports.run_id is 'Published run from which the row was sent, and is sent again.';
comment on column ops.exports.channel is 'Channel of the list; the cap of contacts counts by channel.';
comment on column ops.exports.batch is 'Number of the batch within the list, date and destination.';
comment on column ops.exports.idempotency_key is 'By what the destination knows the batch if it is sent again.';
comment on column ops.exports.added_at is 'When the customer was taken into the batch, before it was sent.';
comment on column ops.exports.state is
'sending: taken, and not confirmed yet; sent: confirmed; unsure: a sending was interrupted, and not repeated, since the customer may no longer be contacted or the destination refuses the batch; refused: the destination took nothing, so a later batch may have the customer.';
comment on column ops.exports.sent_at is 'When the destination confirmed the batch.';
create index exports_by_customer on ops.exports (customer_key, channel);
create index exports_sending on ops.exports (list_name, destination) where state = 'sending';

-- The tables of lists are made after this migration, and dbt may make them again. So these are functions, whose names
-- are looked up when they run, and not views. They run with the rights of the owner.

create function ops.list_is_approved(of_list text, of_date date) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (select is_approved from analytics.list_states where list_name = of_list and as_of_date = of_date);
end
$$;
comment on function ops.list_is_approved is
'Whether a list of a published date may go out, as analytics.list_states has it; null if there is no such list.';

create function ops.listed_addresses(of_list text, of_date date, of_run text)
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
        select
            members.*,
            customers.customer_id,
            coalesce(
                customers.email,
                other_id.email,
                case when customers.customer_id ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$' then customers.customer_id end
            ) as email,
            case
                when customers.customer_key is null then 'erased'
                when contactable.customer_key is null then 'no consent'
            end as left_out
        from analytics_runs.list_members as members
        left join pii.customers as customers on customers.customer_key = members.customer_key
        left join analytics.contactable_customers as contactable on contactable.customer_key = members.customer_key
        left join lateral (
            select others.email
            from ops.person_keys as persons
            inner join pii.customers as others on others.customer_key = persons.account_key
            where persons.customer_key = members.customer_key and others.email is not null
            order by others.loaded_at desc, others.customer_key
            limit 1
        ) as other_id on customers.email is null
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
        customer_key,
        place,
        channel,
        action,
        reason,
        value_at_stake,
        value_at_stake_p10,
        value_at_stake_p90,
        case when left_out is null then customer_id end,
        case when left_out is null then email end,
        left_out
    from listed
    order by place, customer_key;
end
$$;
comment on function ops.listed_addresses is
'One row per customer of an approved list, of a published run, who is to be contacted (arm act). Addresses are those of customers who may be contacted by the newest published date; left_out says why others have none.';

revoke execute on function ops.list_is_approved, ops.listed_addresses from public;
grant execute on function ops.list_is_approved, ops.listed_addresses to clv_exporter;
grant usage on schema ops, analytics to clv_exporter;
grant select, insert, update (state, sent_at, run_id, batch, idempotency_key, added_at) on ops.exports to clv_exporter;
grant select on analytics.publications to clv_exporter;
grant select on ops.exports to clv_transformer;
