{{ config(alias='segment_summary') }}

{{ published(ref('segment_summary')) }}
