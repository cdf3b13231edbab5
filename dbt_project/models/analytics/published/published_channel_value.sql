{{ config(alias='channel_value') }}

{{ published(ref('channel_value')) }}
