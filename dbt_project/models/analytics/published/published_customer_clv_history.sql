{{ config(alias='customer_clv_history') }}

{{ published(ref('customer_clv'), history=true) }}
