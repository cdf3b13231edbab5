{{ config(alias='segment_summary_history') }}

{{ published(ref('segment_summary'), history=true) }}
