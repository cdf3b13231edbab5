{#- Reads the state of intermediate that the features are built from, so it is built together with them. -#}
with

payments as (
    select *
    from {{ ref('int_payments') }}
    where paid_on < date '{{ given("as_of_date") }}' or paid_on is null
),

{{ orders_of_run(['order', 'free']) }}

matched as (
    {{ rows_of_orders('payments') | indent(4) }}
),

sums as (
    select
        order_key,
        customer_key,
        ordered_on,
        charged,
        count(*) as attempts,
        count(*) filter (where state = 'paid' and amount > 0) as payments,
        count(*) filter (where state = 'failed') as failed_payments,
        coalesce(sum(amount) filter (where state = 'paid' and amount > 0), 0) as paid,
        coalesce(sum(amount) filter (where state = 'paid' and amount < 0), 0) as refunded,
        coalesce(sum(amount) filter (where state = 'pending'), 0) as pending,
        sum(fee) as fees,
        min(coalesce(paid_on, ordered_on)) filter (where state = 'paid' and amount > 0) as first_paid_on,
        max(coalesce(paid_on, ordered_on)) filter (where state = 'paid' and amount > 0) as last_paid_on,
        (array_agg(method order by amount desc, paid_at, batch_id, line) filter (where state = 'paid'))[1] as method,
        (array_agg(failure_reason order by paid_at desc nulls last, batch_id, line) filter (where state = 'failed'))[1]
            as failure_reason
    from matched
    group by order_key, customer_key, ordered_on, charged
),

final as (
    select
        states.as_of_date,
        states.run_id,
        sums.order_key,
        sums.customer_key,
        sums.ordered_on,
        states.currency,
        case
            when sums.paid > 0 and sums.paid >= sums.charged then 'paid'
            when sums.paid > 0 then 'partly_paid'
            when sums.pending > 0 then 'pending'
            when sums.failed_payments > 0 then 'failed'
            else 'none'
        end as payment_status,
        sums.attempts::integer as attempts,
        sums.payments::integer as payments,
        sums.failed_payments::integer as failed_payments,
        {{ money('sums.charged') }} as ordered,
        {{ money('sums.paid') }} as paid,
        {{ money('sums.paid') }} - {{ money('sums.charged') }} as paid_less_ordered,
        {{ money('sums.refunded') }} as refunded,
        {{ money('sums.pending') }} as pending,
        {{ money('sums.fees') }} as fees,
        sums.first_paid_on,
        sums.last_paid_on,
        sums.method,
        sums.failure_reason
    from sums
    cross join states
)

select * from final
