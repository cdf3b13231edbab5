{{ config(alias='fct_order_lines') }}

{{ published(ref('fct_order_lines')) }}
