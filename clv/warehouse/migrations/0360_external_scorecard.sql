-- Forecasts of other systems beside ours, compared with the actual outcome (clv/evaluation/external_scorecard.py). The
-- forecasts are in raw.external_forecasts, which `clv up` creates from its kind.

create table ops.external_scorecard (
    system text not null,
    as_of_date date not null,
    horizon_days integer not null,
    metric text not null,
    matured_on date not null,
    our_as_of_date date,
    our_run_id text,
    forecasts integer not null,
    customers integer not null,
    theirs numeric,
    ours numeric,
    difference_low numeric,
    difference_high numeric,
    nearer text,
    digest numeric not null,
    measured_at timestamptz not null default now(),
    primary key (system, as_of_date, horizon_days, metric)
);
comment on table ops.external_scorecard is
'One row per (system, as_of_date, horizon_days, metric): another system''s forecast and ours, for the same customers and the same days, compared with the actual outcome. Its columns are those of analytics.external_scorecard, and digest.';
comment on column ops.external_scorecard.digest is
'Digest of the forecasts and the customers'' days that were compared: where they have changed, they are compared again.';

grant select, insert, update, delete on ops.external_scorecard to clv_publisher;
grant select on ops.external_scorecard to clv_transformer;

create view ops.customers_of_address as
with addresses as (
    select array_agg(customer_key) as keys
    from pii.customers
    where email is not null
    group by lower(email)
    having count(*) between 2 and 5
)

select
    mine as customer_key,
    other as same_address_key
from addresses
cross join unnest(keys) as mine
cross join unnest(keys) as other
where mine <> other;
comment on view ops.customers_of_address is
'One row for each pair of customers with one e-mail address, apart from case, such as one of the shop''s orders and one of another system''s export. It shows their keys, not the address. An address that more than five customers have, such as that of a marketplace, is left out: it names no person.';
grant select on ops.customers_of_address to clv_publisher;
