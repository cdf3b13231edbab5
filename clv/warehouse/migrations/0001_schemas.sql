-- Schemas, the tables that dbt does not build, and the analyst's role.

create schema raw;
create schema pii;
create schema quarantine;
create schema staging;
create schema intermediate;
create schema features;
create schema predictions;
create schema analytics_runs;
create schema analytics;

create table raw.batches (
    batch_id bigint generated always as identity primary key,
    source text not null,
    file_name text not null,
    content_sha256 text not null,
    mapping_sha256 text not null,
    currency text not null,
    rows_received bigint not null,
    rows_loaded bigint not null,
    rows_unreadable bigint not null,
    loaded_at timestamptz not null default now(),
    check (rows_received = rows_loaded + rows_unreadable),
    unique (source, content_sha256, mapping_sha256)
);
comment on table raw.batches is 'One row per file received. The same content under the same mapping is received once.';

create table raw.order_lines (
    _batch_id bigint not null references raw.batches,
    _source text not null,
    _loaded_at timestamptz not null default now(),
    _line bigint not null,
    _row_key text not null,
    _content uuid not null,
    _version timestamp,
    _rule text,
    customer_key uuid,
    order_id text,
    line_id text,
    ordered_at timestamp,
    amount numeric,
    quantity numeric,
    unit_price numeric,
    discount numeric,
    cost numeric,
    product_id text,
    product_name text,
    category text,
    channel text,
    country text,
    status text,
    refund_of text
);
create index on raw.order_lines (_batch_id);
comment on table raw.order_lines is
'One row per readable row of a file, append-only, under our column names. Customers are pseudonyms from the door on.';
comment on column raw.order_lines._line is 'Number of the record in its file, from 1, the header not counted.';
comment on column raw.order_lines._row_key is 'What identifies the row within its source: a later batch with the same key replaces it.';
comment on column raw.order_lines._content is 'MD5 of everything the mapping reads from the row: two rows with the same key and content are duplicates.';
comment on column raw.order_lines._version is 'When the shop last changed the row, where the mapping names such a column: the newest version wins.';
comment on column raw.order_lines._rule is 'Name of the mapping''s filter that sets this row aside, else null.';
comment on column raw.order_lines.ordered_at is 'Time of the order or refund in the shop''s reporting time zone.';
comment on column raw.order_lines.amount is 'Signed money of the row in the warehouse''s currency; a refund or cancellation is negative.';
comment on column raw.order_lines.refund_of is 'Order that this refund belongs to, where the source says so.';

create table raw.withdrawals (
    batch_id bigint primary key references raw.batches,
    reason text not null,
    withdrawn_at timestamptz not null default now()
);
comment on table raw.withdrawals is 'Batches an operator took back: their rows stay in raw and are set aside with the reason withdrawn.';

create table pii.customers (
    customer_key uuid primary key,
    source text not null,
    customer_id text not null,
    email text,
    name text,
    loaded_at timestamptz not null default now()
);
comment on table pii.customers is 'The only link from a pseudonym to a person.';

create table quarantine.unreadable_rows (
    batch_id bigint not null references raw.batches,
    file_name text not null,
    line bigint not null,
    reason text not null,
    raw_text text,
    loaded_at timestamptz not null default now()
);
create index on quarantine.unreadable_rows (batch_id);
comment on table quarantine.unreadable_rows is 'One row per row of a file that could not be read, with its text as it came.';

create table predictions.customer_predictions (
    as_of_date date not null,
    run_id text not null,
    customer_key uuid not null,
    horizon_days integer not null,
    status text not null check (status in ('scored', 'too_little_data')),
    status_reason text,
    basis text,
    p_alive double precision,
    p_purchase double precision,
    expected_orders double precision,
    predicted_revenue double precision,
    predicted_p10 double precision,
    predicted_p50 double precision,
    predicted_p90 double precision,
    discount_factor double precision,
    reasons jsonb,
    model_version text,
    primary key (as_of_date, run_id, customer_key, horizon_days)
);
comment on table predictions.customer_predictions is
'One row per (as_of_date, run_id, customer_key, horizon_days). Candidates: nothing here is published yet.';

create table ops.runs (
    run_id text primary key,
    as_of_date date not null,
    number integer not null,
    started_by text not null,
    started_at timestamptz not null default now(),
    unique (as_of_date, number)
);
comment on table ops.runs is 'One row per run of clv_daily: run_id is as_of_date and the run''s number for that date.';

create table ops.gate_results (
    run_id text not null,
    as_of_date date not null,
    gate text not null,
    expectation text not null,
    severity text not null check (severity in ('critical', 'warning')),
    success boolean not null,
    observed text,
    unexpected_count bigint,
    rows_judged bigint not null,
    examples jsonb,
    judged_at timestamptz not null default now(),
    primary key (run_id, gate, expectation)
);
comment on table ops.gate_results is 'One row per (run_id, gate, expectation): the latest judgement.';

create table ops.task_log (
    run_id text not null,
    task text not null,
    try_number integer not null default 1,
    started_at timestamptz not null,
    ended_at timestamptz not null default now(),
    facts jsonb not null
);
comment on table ops.task_log is 'One row per finished try of a task: what it read and wrote.';

create table ops.settings (
    name text primary key,
    value text not null
);
comment on table ops.settings is 'What holds for the whole warehouse, such as its currency.';

create table analytics.publications (
    publication_id bigint generated always as identity primary key,
    as_of_date date not null,
    run_id text not null,
    published_at timestamptz not null default now(),
    published_by text not null default current_user,
    digest text not null,
    rows_published jsonb not null
);
comment on table analytics.publications is
'One row per act of publishing. The newest row of a date names the run that readers see for it.';
comment on column analytics.publications.publication_id is 'Order of publication: the highest of a date holds.';
comment on column analytics.publications.as_of_date is 'Date the run is for: it covers everything strictly before it.';
comment on column analytics.publications.run_id is 'Run whose rows readers see from this moment.';
comment on column analytics.publications.published_at is 'When it was published.';
comment on column analytics.publications.published_by is 'Database role that published it.';
comment on column analytics.publications.digest is 'Digest of the published rows without run_id: equal digests mean equal rows.';
comment on column analytics.publications.rows_published is 'Rows per table.';
create index on analytics.publications (as_of_date, publication_id desc);
