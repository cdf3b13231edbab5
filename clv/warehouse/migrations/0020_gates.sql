-- The documents that Great Expectations' Data Docs are built from, and the deletions by upkeep.

create table ops.gate_documents (
    run_id text not null,
    gate text not null,
    judged_table text not null,
    judged_at timestamptz not null default now(),
    document jsonb not null,
    primary key (run_id, gate, judged_table)
);
comment on table ops.gate_documents is
'The last validation results as Great Expectations writes them, customers masked: the source of its Data Docs. Bounded.';

create table ops.removed_slices (
    run_id text not null,
    table_name text not null,
    rows_removed bigint not null,
    removed_at timestamptz not null default now(),
    primary key (run_id, table_name)
);
comment on table ops.removed_slices is 'One row per (run_id, table) whose rows upkeep has removed.';

comment on column ops.gate_results.expectation is 'Name of the expectation: its table and what it expects.';
