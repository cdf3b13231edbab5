{{ config(alias='channel_cohorts_history') }}

{{ published(ref('channel_cohorts'), history=true) }}
