-- Order numbers that were made of the customer's id identified the customer outside of pii. The customer's key replaces
-- the id in them. This applies to sources in which every order number begins with the customer's id and ends with a
-- count.

create temporary table numbered_sources on commit drop as
select lines._source as source
from raw.order_lines as lines
inner join pii.customers as known on lines.customer_key = known.customer_key
where lines.order_id is not null
group by lines._source
having bool_and(starts_with(lines.order_id, known.customer_id || '-') and lines.order_id ~ '-[0-9]+$');

create temporary table numbered on commit drop as
select
    sources.source,
    known.customer_key,
    length(known.customer_id) as id_length,
    known.customer_id || '-' as head,
    replace(known.customer_key::text, '-', '') as keyed
from pii.customers as known
cross join numbered_sources as sources;

with renamed as (
    select
        lines._batch_id,
        lines._line,
        lines.order_id,
        numbered.keyed || substr(lines.order_id, numbered.id_length + 1) as new_id,
        case
            when starts_with(lines.refund_of, numbered.head)
                then numbered.keyed || substr(lines.refund_of, numbered.id_length + 1)
            else lines.refund_of
        end as new_refund_of
    from raw.order_lines as lines
    inner join numbered on lines._source = numbered.source and lines.customer_key = numbered.customer_key
    where lines.order_id is not null
)

update raw.order_lines as lines
set
    _row_key = replace(lines._row_key, renamed.order_id, renamed.new_id),
    order_id = renamed.new_id,
    refund_of = renamed.new_refund_of
from renamed
where lines._batch_id = renamed._batch_id and lines._line = renamed._line and lines.order_id = renamed.order_id;

-- The next run builds staging again from these rows; the orders of past runs stay as they are otherwise.
delete from ops.builds where exists (select from numbered_sources);

do $$
begin
    if to_regclass('analytics_runs.fct_orders') is not null then
        execute $update$
            update analytics_runs.fct_orders as orders
            set order_key = numbered.source || ':' || numbered.keyed
                || substr(orders.order_key, length(numbered.source) + 1 + numbered.id_length + 1)
            from numbered
            where orders.customer_key = numbered.customer_key
                and starts_with(orders.order_key, numbered.source || ':' || numbered.head)
        $update$;
    end if;
end
$$;
