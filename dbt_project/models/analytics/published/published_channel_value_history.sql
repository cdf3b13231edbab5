{{ config(alias='channel_value_history') }}

{{ published(ref('channel_value'), history=true) }}
