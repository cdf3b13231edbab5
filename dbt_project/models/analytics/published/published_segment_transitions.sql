{{ config(alias='segment_transitions') }}

{{ published(ref('segment_transitions')) }}
