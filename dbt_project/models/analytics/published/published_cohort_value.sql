{{ config(alias='cohort_value') }}

{{ published(ref('cohort_value')) }}
