-- Uplift of customers, learned from an experiment that is over (clv/decisions/uplift).

create table ops.customer_uplift (
    experiment text not null references ops.experiments (experiment),
    customer_key uuid not null,
    arm text not null,
    uplift double precision not null,
    cost double precision not null,
    recommended boolean not null,
    learned_at timestamptz not null default now(),
    primary key (experiment, customer_key, arm)
);
comment on table ops.customer_uplift is
'One row per (experiment, customer_key, arm): predicted uplift. Its columns are those of analytics.customer_uplift.';
comment on column ops.customer_uplift.customer_key is 'Keyed pseudonym of the customer.';
create index customer_uplift_by_customer on ops.customer_uplift (customer_key);

grant select, insert, delete on ops.customer_uplift to clv_publisher;
grant select on ops.customer_uplift to clv_transformer;
