{{ config(alias='customer_segments') }}

{{ published(ref('customer_segments')) }}
