with

customers as (
    {{ published(ref('dim_customer')) | indent(4) }}
),

final as (select * from customers where {{ is_contactable('customers') }})

select * from final
