{{ config(alias='customer_economics_history') }}

{{ published(ref('customer_economics'), history=true) }}
