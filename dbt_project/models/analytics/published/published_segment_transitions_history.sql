{{ config(alias='segment_transitions_history') }}

{{ published(ref('segment_transitions'), history=true) }}
