{{ config(alias='dim_customer') }}

{{ published(ref('dim_customer')) }}
