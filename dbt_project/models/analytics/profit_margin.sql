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
        bool_or(historic_profit is not null) as with_cost,
        bool_or(coalesce(revenue_without_cost, 0) <> 0) as without_cost
    from features
    group by as_of_date, run_id
),

costs as (select (sum(costs) / nullif(sum(revenue), 0))::double precision as share from customers),

final as (
    select
        known.as_of_date,
        known.run_id,
        coalesce((known.profit / nullif(known.revenue, 0))::double precision, {{ var('gross_margin') }})
        - coalesce(costs.share, 0) as margin,
        case
            when not known.without_cost then 'costs'
            else
                case when known.with_cost then 'costs and ' else '' end
                || '{{ "gross_margin" if var("margin_is_set") else "revenue" }}'
        end as profit_basis
    from known
    cross join costs
)

select * from final
