-- The number and revenue of future new customers, estimated at scoring, each with an interval.

create table predictions.new_customers (
    as_of_date date not null,
    run_id text not null,
    horizon_days integer not null,
    customers double precision not null check (customers >= 0),
    customers_low double precision not null,
    customers_high double precision not null,
    revenue double precision not null check (revenue >= 0),
    revenue_low double precision not null,
    revenue_high double precision not null,
    primary key (as_of_date, run_id, horizon_days)
);
comment on table predictions.new_customers is
'One row per (as_of_date, run_id, horizon_days): customers who will order for the first time within the horizon, and what they will bring in it. No rows without a forecast.';
comment on column predictions.new_customers.as_of_date is 'Date the estimate is for: everything strictly before it was known.';
comment on column predictions.new_customers.run_id is 'Run that made the row.';
comment on column predictions.new_customers.horizon_days is 'Days from the date that the estimate covers.';
comment on column predictions.new_customers.customers is 'Customers still to come.';
comment on column predictions.new_customers.customers_low is 'Lower end of the 80 % interval of customers.';
comment on column predictions.new_customers.customers_high is 'Upper end of the 80 % interval of customers.';
comment on column predictions.new_customers.revenue is 'Net revenue that they will bring within the horizon, in money.';
comment on column predictions.new_customers.revenue_low is 'Lower end of the 80 % interval of revenue.';
comment on column predictions.new_customers.revenue_high is 'Upper end of the 80 % interval of revenue.';

grant select, insert, delete on predictions.new_customers to clv_modeller;
grant select on predictions.new_customers to clv_transformer, clv_publisher;
