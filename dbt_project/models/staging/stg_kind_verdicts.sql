{% set kinds = declared_kinds() %}
with

batches as (select * from {{ ref('stg_batches') }}),
{% for kind in kinds %}
{{ kind.kind }}_verdicts as (
    {{ verdicts_of_newest(kind.raw_table, kind.replaces, kind.replaces_in_file, []) }}
),
{% endfor %}
final as (
    select
        batch_id,
        0::bigint as line,
        source,
        ''::text as kind,
        ''::text as verdict
    from batches
    where false
    {%- for kind in kinds %}
    union all
    select
        batch_id,
        line,
        source,
        '{{ kind.kind }}' as kind,
        verdict
    from {{ kind.kind }}_verdicts
    {%- endfor %}
)

select * from final
