{#- Never dropped, because analytics.rejected_rows reads it while staging is rebuilt. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
    pre_hook="{% if is_incremental() %}delete from {{ this }}{% endif %}",
) }}

with

set_aside_lines as (select * from {{ ref('set_aside_lines') }}),

final as (
    select
        batch_id,
        case when left(reason, 8) = 'missing_' then 'missing' else 'filter' end as rejected_as,
        reason,
        count(*) as rows_rejected
    from set_aside_lines
    where reason not in ('replaced', 'withdrawn', 'erased')
    group by batch_id, reason
)

select * from final
