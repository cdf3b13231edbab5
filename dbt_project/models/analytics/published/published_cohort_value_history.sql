{{ config(alias='cohort_value_history') }}

{{ published(ref('cohort_value'), history=true) }}
