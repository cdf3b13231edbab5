{#- What is made at a date reads ad spend here: staging may be rebuilt by another run before it is judged. -#}
with

spend as (select * from {{ ref('stg_channel_spend') }})

select * from spend
