{{ config(alias='fct_orders') }}

{{ published(ref('fct_orders')) }}
