{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

shipments as (
    select *
    from {{ ref('int_shipments') }}
    where shipped_on < date '{{ given("as_of_date") }}'
),

returns as (
    select *
    from {{ ref('int_returns') }}
    where returned_on < date '{{ given("as_of_date") }}'
),

{{ orders_of_run(['order', 'free']) }}

shipped as (
    {{ rows_of_orders('shipments') | indent(4) }}
),

returned as (
    {{ rows_of_orders('returns') | indent(4) }}
),

deliveries as (
    select
        order_key,
        customer_key,
        ordered_on,
        count(*) as shipments,
        min(shipped_on) as shipped_on,
        case when bool_and(delivered_on < date '{{ given("as_of_date") }}') then max(delivered_on) end as delivered_on,
        max(promised_on) as promised_on,
        sum(cost) as shipping_cost
    from shipped
    group by order_key, customer_key, ordered_on
),

return_sums as (
    select
        order_key,
        customer_key,
        ordered_on,
        min(returned_on) as returned_on,
        sum(quantity) as items_returned,
        sum(abs(amount)) as returned_amount,
        count(*) filter (where is_exchange) as exchanges,
        sum(cost) as return_cost,
        (array_agg(reason order by returned_at, batch_id, line) filter (where reason is not null))[1] as return_reason
    from returned
    group by order_key, customer_key, ordered_on
),

final as (
    select
        states.as_of_date,
        states.run_id,
        coalesce(deliveries.order_key, return_sums.order_key) as order_key,
        coalesce(deliveries.customer_key, return_sums.customer_key) as customer_key,
        coalesce(deliveries.ordered_on, return_sums.ordered_on) as ordered_on,
        states.currency,
        coalesce(deliveries.shipments, 0)::integer as shipments,
        deliveries.shipped_on,
        deliveries.delivered_on,
        deliveries.promised_on,
        deliveries.shipped_on - deliveries.ordered_on as days_to_ship,
        deliveries.delivered_on - deliveries.ordered_on as days_to_deliver,
        deliveries.delivered_on > deliveries.promised_on as is_late,
        {{ money('deliveries.shipping_cost') }} as shipping_cost,
        return_sums.returned_on,
        coalesce(return_sums.items_returned, 0) as items_returned,
        {{ money('return_sums.returned_amount') }} as returned_amount,
        coalesce(return_sums.exchanges, 0)::integer as exchanges,
        {{ money('return_sums.return_cost') }} as return_cost,
        return_sums.return_reason
    from deliveries
    full outer join return_sums on deliveries.order_key = return_sums.order_key
    cross join states
)

select * from final
