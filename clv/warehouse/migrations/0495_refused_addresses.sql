-- Nothing goes to an address at which a customer refused contact, whichever of the shop's ids is on a list: the function of 0460,
-- which knew the answers of the listed id alone (docs/decisions/0209-a-refusal-counts-for-the-address.md).

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
    listed as (
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
                when contactable.customer_key is null or refused.customer_key is not null then 'no consent'
            end as left_out
        from analytics_runs.list_members as members
        left join pii.customers as customers on customers.customer_key = members.customer_key
        left join analytics.contactable_customers as contactable on contactable.customer_key = members.customer_key
        left join refused on refused.customer_key = members.customer_key
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
'One row per customer of an approved list, of a published run, who is to be contacted (arm act). Addresses are those of customers who may be contacted by the newest published date, and of whose addresses no id has refused contact by its last answer; left_out says why others have none.';
