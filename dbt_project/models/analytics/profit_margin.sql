with

features as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

customers as (
    select *
    from {{ ref('customer_orders') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

known as (
    select
        as_of_date,
        run_id,
        sum(historic_profit::numeric) as profit,
        sum(revenue_total::numeric - revenue_without_cost::numeric) filter (where historic_profit is not null)
            as revenue,
        sum(coalesce(revenue_without_cost, 0)::numeric) as revenue_without_cost,
        bool_or(historic_profit is not null) as with_cost,
        bool_or(coalesce(revenue_without_cost, 0) <> 0) as without_cost
    from features
    group by as_of_date, run_id
),

-- Lines whose own cost is not known, and whose product has one.
products as (
    select
        coalesce(sum(revenue_costed), 0) as revenue,
        coalesce(sum(revenue_costed - product_cost), 0) as profit
    from {{ ref('order_costs') }}
    where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
),

costs as (select (sum(costs) / nullif(sum(revenue), 0))::double precision as share from customers),

final as (
    select
        known.as_of_date,
        known.run_id,
        coalesce(
            (
                (coalesce(known.profit, 0) + products.profit)
                / nullif(coalesce(known.revenue, 0) + products.revenue, 0)
            )::double precision,
            {{ var('gross_margin') }}
        ) - coalesce(costs.share, 0) as margin,
        case
            when not known.without_cost then 'costs'
            when products.revenue <> 0 and abs(known.revenue_without_cost - products.revenue) < 0.01 then 'costs'
            else
                case when known.with_cost or products.revenue <> 0 then 'costs and ' else '' end
                || '{{ "gross_margin" if var("margin_is_set") else "revenue" }}'
        end as profit_basis
    from known
    cross join products
    cross join costs
)

select * from final
