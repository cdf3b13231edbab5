{#
  What becomes of the rows of a kind of source, of which `rows` (a CTE or table as raw has them) holds what was received:
  a row of a batch counts unless a later batch has one of the same `replaces`, a later file of the same name one of the
  same `replaces_in_file`, or the same content was read again. A row that a filter rejects replaces too: it says that
  nothing is there. Rows of one batch add up. Expects the CTE `batches`; columns: batch_id, line, source, `kept`, verdict.
#}
{% macro verdicts_of_newest(rows, replaces, replaces_in_file, kept) %}
with

readings as (
    select
        source,
        content_sha256,
        max(place) as newest_place
    from batches
    where not is_withdrawn
    group by source, content_sha256
),

lines as (
    select
        received._batch_id as batch_id,
        received._line as line,
        received._source as source,
        received._content as content,
        received._rule as rule,
        {%- for column in (replaces + replaces_in_file + kept) | unique %}
        received.{{ column }},
        {%- endfor %}
        batches.file_name,
        readings.newest_place as newest_reading,
        batches.place as batch_place,
        batches.is_withdrawn
    from {{ rows }} as received
    inner join batches on received._batch_id = batches.batch_id
    left join readings on batches.source = readings.source and batches.content_sha256 = readings.content_sha256
),

ranked as (
    select
        *,
        greatest(
            max(batch_place) over (partition by source, {{ replaces | join(', ') }}),
            max(batch_place) over (partition by source, file_name, {{ replaces_in_file | join(', ') }}),
            newest_reading
        ) as newest_place
    from lines
    where not is_withdrawn
),

kept as (
    select distinct
        source,
        content
    from ranked
    where batch_place = newest_place and rule is null
),

final as (
    select
        ranked.batch_id,
        ranked.line,
        ranked.source,
        {%- for column in kept %}
        ranked.{{ column }},
        {%- endfor %}
        case
            when ranked.rule is not null then ranked.rule
            when ranked.batch_place = ranked.newest_place then 'accepted'
            when kept.content is not null then 'duplicate'
            else 'replaced'
        end as verdict
    from ranked
    left join kept on ranked.source = kept.source and ranked.content = kept.content
    union all
    select
        batch_id,
        line,
        source,
        {%- for column in kept %}
        {{ column }},
        {%- endfor %}
        'withdrawn' as verdict
    from lines
    where is_withdrawn
)

select * from final
{%- endmacro %}

{# The kinds that staging judges without a model of their own: kind, raw_table, replaces, replaces_in_file. #}
{% macro declared_kinds() %}
    {%- set registered -%}
        select
            kind,
            raw_table,
            (select string_agg(quote_ident(name), ',') from unnest(replaces) as of (name)) as replaces,
            (select string_agg(quote_ident(name), ',') from unnest(replaces_in_file) as of (name)) as replaces_in_file
        from raw.kinds
        order by kind
    {%- endset -%}
    {%- set kinds = [] -%}
    {%- if execute -%}
        {%- for row in run_query(registered) -%}
            {%- do kinds.append({
                'kind': row[0],
                'raw_table': row[1],
                'replaces': row[2].split(','),
                'replaces_in_file': row[3].split(',')
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(kinds) }}
{% endmacro %}
