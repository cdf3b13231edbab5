with

products as (select * from {{ ref('stg_products') }}),

-- Of several rows for one product and day, the one that was loaded last counts.
versions as (
    select distinct on (product_id, valid_from) *
    from products
    order by product_id, valid_from, batch_id desc, line desc
),

final as (
    select
        product_id,
        valid_from,
        lead(valid_from) over (partition by product_id order by valid_from) as valid_until,
        source,
        product_name,
        category,
        price,
        cost,
        stock
    from versions
)

select * from final
