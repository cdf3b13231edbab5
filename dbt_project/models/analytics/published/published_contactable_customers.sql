{{ config(alias='contactable_customers') }}

with

customers as (
    {{ published(ref('dim_customer')) | indent(4) }}
),

final as (select * from customers where may_contact)

select * from final
