{#- Never dropped, because analytics.rejected_rows reads it while staging is rebuilt. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
    pre_hook="{% if is_incremental() %}delete from {{ this }}{% endif %}",
) }}

with

verdicts as (select * from {{ ref('stg_verdict_counts') }}),

final as (
    select
        batch_id,
        case when left(verdict, 8) = 'missing_' then 'missing' else 'filter' end as rejected_as,
        verdict as reason,
        rows_there as rows_rejected
    from verdicts
    where verdict not in ('accepted', 'duplicate', 'replaced', 'withdrawn', 'erased')
)

select * from final
