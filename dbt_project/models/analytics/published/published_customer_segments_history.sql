{{ config(alias='customer_segments_history') }}

{{ published(ref('customer_segments'), history=true) }}
