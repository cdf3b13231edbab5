{{ config(alias='personas_history') }}

{{ published(ref('personas'), history=true) }}
