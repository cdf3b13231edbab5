{{ config(alias='customer_clv') }}

{{ published(ref('customer_clv')) }}
