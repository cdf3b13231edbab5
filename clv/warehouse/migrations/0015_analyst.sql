-- The role that analysts connect as. It can read only the schema analytics. `clv up` sets its password.

do $$
begin
    if not exists (select from pg_roles where rolname = 'clv_analyst') then
        create role clv_analyst login;
    end if;
exception
    -- Roles belong to the whole server: a migration of another database may have created the role at the same moment.
    when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema analytics to clv_analyst;
grant select on analytics.publications to clv_analyst;
