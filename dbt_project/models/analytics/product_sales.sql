{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

known as (
    select *
    from {{ ref('int_products') }}
    where valid_from < date '{{ given("as_of_date") }}'
),

products as (
    select distinct on (product_id) *
    from known
    order by product_id, valid_from desc
),

states as {{ rows_of_run(ref('order_line_states')) }},

versions as not materialized (select * from {{ ref('int_order_line_versions') }}),

-- As fct_order_lines has them, a view that the set-up makes. Without products, no line is read.
lines as not materialized (
    select
        versions.product_id,
        versions.ordered_at::date as ordered_on,
        versions.quantity,
        case when versions.is_refund then -1 else 1 end as items,  -- without a quantity
        versions.cost
    from {{ lines_of_runs('states', 'versions') }}
    where exists (select from products)
),

returns as (
    select *
    from {{ ref('int_returns') }}
    where returned_on < date '{{ given("as_of_date") }}'
),

costs as (
    select
        lines.product_id,
        case
            when bool_and(coalesce(lines.cost, known.cost) is not null)
                then sum(coalesce(lines.cost, coalesce(lines.quantity, lines.items) * known.cost))
        end as cost
    from lines
    left join known on {{ is_of_day('known', 'lines') }}
    group by lines.product_id
),

items as (
    select
        product_id,
        sum(quantity) as returned
    from returns
    group by product_id
),

final as (
    select
        states.as_of_date,
        states.run_id,
        products.product_id,
        products.product_name,
        products.category,
        products.price,
        products.cost as unit_cost,
        products.stock,
        costs.cost,
        case when exists (select from returns) then coalesce(items.returned, 0) end as items_returned
    from products
    left join costs on products.product_id = costs.product_id
    left join items on products.product_id = items.product_id
    cross join states
)

select * from final
