{#-
  Tables built at a date read ad spend here, because another run may rebuild staging before their gate compares them.
-#}
with

spend as (select * from {{ ref('stg_channel_spend') }})

select * from spend
