-- The role analysts connect as: it reads the schema analytics and nothing else. Its password is set by `clv up`.

do $$
begin
    if not exists (select from pg_roles where rolname = 'clv_analyst') then
        create role clv_analyst login;
    end if;
exception
    -- The role is the whole server's: another database's migration may have made it this very moment.
    when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema analytics to clv_analyst;
grant select on analytics.publications to clv_analyst;
