{{ config(alias='customer_economics') }}

{{ published(ref('customer_economics')) }}
