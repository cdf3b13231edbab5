-- The report shows what changed from the views that analysts read, so its role may read them too.

create or replace procedure ops.hand_over()
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
        execute format('grant select on %s to clv_modeller, clv_publisher', made);
    end loop;
    if to_regclass('quarantine.set_aside_lines') is not null then
        grant select on quarantine.set_aside_lines to clv_publisher;
    end if;
end
$$;
call ops.hand_over();
