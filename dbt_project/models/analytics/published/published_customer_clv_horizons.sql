{{ config(alias='customer_clv_horizons') }}

{{ published(ref('customer_clv_horizons')) }}
