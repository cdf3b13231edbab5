{{ config(alias='personas') }}

{{ published(ref('personas')) }}
