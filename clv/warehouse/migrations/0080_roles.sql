-- A role for each part of the pipeline (see clv/warehouse/roles.py), with only the rights that the part needs. `clv up`
-- sets the passwords.

do $$
declare
    part text;
begin
    foreach part in array array['clv_loader', 'clv_transformer', 'clv_modeller', 'clv_publisher'] loop
        if not exists (select from pg_roles where rolname = part) then
            -- Roles belong to the whole server: a migration of another database may have created the role at the same
            -- moment.
            begin
                execute format('create role %I login', part);
            exception
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    -- The owner maintains what dbt builds: it hands over restored tables and removes outdated ones.
    if not pg_has_role(current_user, 'clv_transformer', 'usage') then
        execute format('grant clv_transformer to %I', current_user);
    end if;
end
$$;

-- Notes of builds move out of ops.settings, which the loader writes.

create table ops.builds (
    name text primary key,
    value text not null
);
comment on table ops.builds is 'What staging and intermediate were last made of, while they are whole.';
insert into ops.builds (name, value)
select name, value from ops.settings where name in ('built_staging', 'built_intermediate', 'intermediate_made_of');
delete from ops.settings where name in ('built_staging', 'built_intermediate', 'intermediate_made_of');

-- Before PostgreSQL 17, only a table's owner can analyze it.

create function ops.take_statistics(of_table regclass) returns void
language plpgsql security definer set search_path = pg_catalog
as $$
begin
    execute format('analyze %s', of_table);
end
$$;
comment on function ops.take_statistics is 'Takes the statistics of a table: those who fill or read it may ask for them.';
revoke execute on function ops.take_statistics from public;
grant execute on function ops.take_statistics to clv_transformer, clv_modeller;

grant usage on schema raw, pii, quarantine, ops to clv_loader;
grant select, insert on raw.batches, raw.order_lines, quarantine.unreadable_rows to clv_loader;
grant select, insert, delete on raw.withdrawals to clv_loader;
grant select, insert, update (email, name) on pii.customers to clv_loader;
grant select, insert, update (value) on ops.settings to clv_loader;

grant usage on schema raw, predictions, ops to clv_transformer;
grant usage, create on schema staging, quarantine, intermediate, features, analytics_runs, analytics to clv_transformer;
grant select on raw.batches, raw.order_lines, raw.withdrawals to clv_transformer;
grant select on predictions.customer_predictions, ops.settings, ops.model_decisions, analytics.publications
to clv_transformer;
grant select, insert, delete on ops.builds to clv_transformer;

grant usage on schema intermediate, features, predictions, analytics, ops to clv_modeller;
grant select, insert, delete on predictions.customer_predictions, predictions.baseline_predictions to clv_modeller;
grant select, insert, delete on ops.model_decisions, ops.model_checks to clv_modeller;
grant select on analytics.publications to clv_modeller;

grant usage on schema raw, quarantine, staging, intermediate, features, predictions, analytics_runs, analytics, ops
to clv_publisher;
grant select on raw.batches, raw.order_lines, raw.withdrawals to clv_publisher;
-- The text of the rows is not readable: it is as received and may name people.
grant select (batch_id, file_name, line, reason) on quarantine.unreadable_rows to clv_publisher;
grant select on predictions.customer_predictions, ops.model_decisions to clv_publisher;
grant select, insert on ops.runs, ops.task_log to clv_publisher;
grant select, insert, delete on ops.gate_results, ops.gate_documents to clv_publisher;
grant select, insert on analytics.publications to clv_publisher;

-- Tables that dbt builds. dbt_project.yml declares who may read the views of analytics.

alter default privileges for role clv_transformer in schema intermediate, features grant select on tables to clv_modeller;
alter default privileges for role clv_transformer in schema staging, quarantine, intermediate, features, analytics_runs
grant select on tables to clv_publisher;

create procedure ops.hand_over()
language plpgsql
as $$
declare
    made text;
begin
    for made in
        select oid::regclass from pg_class
        where relkind in ('r', 'v') and relowner <> 'clv_transformer'::regrole and (
            relnamespace::regnamespace::text in ('staging', 'intermediate', 'features', 'analytics_runs')
            or relnamespace = 'analytics'::regnamespace and relkind = 'v'
            or relnamespace = 'quarantine'::regnamespace and relname = 'set_aside_lines'
        )
    loop
        execute format('alter table %s owner to clv_transformer', made);
    end loop;
    grant select on all tables in schema intermediate, features to clv_modeller;
    grant select on all tables in schema staging, intermediate, features, analytics_runs to clv_publisher;
    for made in select oid::regclass from pg_class where relnamespace = 'analytics'::regnamespace and relkind = 'v' loop
        execute format('grant select on %s to clv_modeller', made);
    end loop;
    if to_regclass('quarantine.set_aside_lines') is not null then
        grant select on quarantine.set_aside_lines to clv_publisher;
    end if;
end
$$;
comment on procedure ops.hand_over is
'Gives the transformer what dbt has made under another owner: before there were roles, or in a warehouse that a backup brought back.';
revoke execute on procedure ops.hand_over from public;
call ops.hand_over();
