{{ config(alias='channel_cohorts') }}

{{ published(ref('channel_cohorts')) }}
