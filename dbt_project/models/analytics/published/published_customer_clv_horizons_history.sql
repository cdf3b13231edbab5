{{ config(alias='customer_clv_horizons_history') }}

{{ published(ref('customer_clv_horizons'), history=true) }}
