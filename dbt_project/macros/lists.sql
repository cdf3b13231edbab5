{#
  A query of the shop's lists: those of the seed, and after them those that somebody saved. A run takes the lists that
  were saved when it was opened, so that all of its models have the same. A list of the seed hides a saved one of its
  name. Channels are in small letters without blanks around them, so that what is written differently is one channel.
#}
{% macro lists_of_shop() %}
with

seed as (select * from {{ ref('lists') }}),

saved as (select * from {{ source('ops', 'saved_lists') }}),

runs as (select * from {{ source('ops', 'runs') }}),

opened as (
    select coalesce((select started_at from runs where run_id = '{{ given("run_id") }}'), now()) as started_at
),

columns_of_seed as (
    select
        list_name,
        title,
        priority,
        rule,
        lower(trim(channel)) as channel,
        action,
        cap,
        holdout_share,
        needs_approval,
        reason,
        false as is_saved
    from seed
),

columns_of_saved as (
    select
        saved.list_name,
        saved.title,
        (
            (select coalesce(max(seed.priority), 0) from seed) + row_number() over (order by saved.saved_list_id)
        )::integer as priority,
        saved.rule,
        lower(trim(saved.channel)) as channel,
        saved.action,
        saved.cap,
        saved.holdout_share,
        true as needs_approval,
        saved.reason,
        true as is_saved
    from saved
    cross join opened
    where
        saved.saved_at <= opened.started_at
        and (saved.removed_at is null or saved.removed_at > opened.started_at)
        and not exists (select 1 from seed where saved.list_name = seed.list_name)
)

select * from columns_of_seed
union all
select * from columns_of_saved
{% endmacro %}


{#
  Whether a list for contact may include a customer. Runs from before the setting unknown_consent existed have no
  may_be_contacted, so consent alone counts in them.
#}
{% macro is_contactable(profiles) -%}
    coalesce({{ profiles }}.may_be_contacted, {{ profiles }}.may_contact, false)
{%- endmacro %}


{# The published run's customers, segments and profiles, as CTEs of these names. #}
{% macro published_customers() %}
    {%- for name, table in [
        ('customers', 'customer_clv'), ('segments', 'customer_segments'), ('profiles', 'dim_customer')
    ] %}
{{ name }} as (
    {{ published(ref(table)) | indent(4) }}
),
    {% endfor %}
{%- endmacro %}


{#
  A number from 0 up to 1, not included, that a list and a customer have until keys are rotated. A customer whose number
  is below the list's holdout_share is in its hold-out. The key of a customer is a keyed digest, so the number is as good
  as drawn, and a customer's numbers in two lists have nothing to do with each other.
#}
{% macro drawn_share(list_name, customer_key) -%}
    ('x' || left(encode(sha256(convert_to({{ list_name }} || ' ' || {{ customer_key }}::text, 'UTF8')), 'hex'), 8))::bit(32)::bigint / 4294967296.0
{%- endmacro %}


{#
  A query of the lists of every published date with what is known of their approval: `is_approved`, and of the approval
  that counts `approved_by`, `approved_at` and `is_standing`. A list that needs no approval is always approved.
#}
{% macro lists_with_approval() %}
    select
        lists.*,
        approvals.approved_by,
        approvals.approved_at,
        approvals.is_standing,
        not lists.needs_approval or approvals.approved_at is not null as is_approved
    from ({{ published(ref('list_summary'), history=true) | indent(4) }}) as lists
    left join
        lateral (
            select
                approved_by,
                approved_at,
                as_of_date is null as is_standing
            from {{ source('ops', 'list_approvals').render() }}
            where
                list_name = lists.list_name
                and (as_of_date = lists.as_of_date or as_of_date is null)
                and revoked_at is null
            order by approved_at
            limit 1
        ) as approvals on true
{% endmacro %}


{# The members of lists as readers see them, with the state of each: of the newest published date, or of every one. #}
{% macro members_with_state(history=false) %}
    select
        members.as_of_date,
        members.list_name,
        lists.title,
        members.place,
        members.customer_key,
        members.channel,
        members.action,
        members.reason,
        lists.currency,
        members.value_at_stake,
        members.value_at_stake_p10,
        members.value_at_stake_p90,
        members.arm,
        case
            when members.arm = 'hold out' then 'held out'
            when exists (
                select 1
                from {{ source('ops', 'exports').render() }} as exports
                where
                    members.list_name = exports.list_name
                    and members.as_of_date = exports.as_of_date
                    and members.customer_key = exports.customer_key
                    and exports.state = 'sent'
            ) then 'exported'
            when lists.is_approved then 'approved'
            else 'waiting for approval'
        end as state,
        members.run_id
    from ({{ published(ref('list_members'), history=history) | indent(4) }}) as members
    inner join ({{ lists_with_approval() | indent(4) }}) as lists
        on
            members.as_of_date = lists.as_of_date
            and members.run_id = lists.run_id
            and members.list_name = lists.list_name
{% endmacro %}
