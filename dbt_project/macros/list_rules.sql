{#
  The shop's lists, read while a model that lists customers is compiled. A rule is a condition over the columns below,
  so it becomes a part of the model's query. A rule or a reason of the seed that cannot be used stops the build with one
  line that names its list. A saved list that cannot be used has no customers, since a marketer cannot correct a run.
  lists: the query `lists_of_shop`.
  Returns a dictionary: `lists`, in the order of their priority, each with the values of its row, its reason as SQL and
  `before`, the numbers of earlier lists of its channel; `columns`, the SQL of each column that rules and reasons use, by
  name.
#}
{% macro declared_lists(lists) %}
    {%- set declared = {'lists': [], 'columns': {}} -%}
    {%- if execute %}
        {%- set known = columns_of_rules() %}
        {%- for row in run_query('select * from (' ~ lists ~ ') as lists order by priority, list_name') %}
            {%- set list = row.dict() %}
            {%- set reason = reason_of_list(list, known) %}
            {%- set used = words_of_rule(list, known) + reason.words + ['customer_key', 'currency'] %}
            {%- do require_usable(list, reason.sql, used, known) %}
            {%- if list.is_refused %}
                {%- set reason, used = {'sql': "''"}, ['customer_key', 'currency'] %}
                {%- do list.update({'rule': 'false'}) %}
            {%- endif %}
            {%- set before = [] %}
            {%- for earlier in declared.lists if earlier.channel == list.channel %}
                {%- do before.append(earlier.number) %}
            {%- endfor %}
            {%- do declared.lists.append(dict(list, reason=reason.sql, number=loop.index, before=before)) %}
            {%- for name in used %}
                {%- do declared.columns.update({name: known[name].sql}) %}
            {%- endfor %}
        {%- endfor %}
    {%- endif %}
    {{ return(declared) }}
{% endmacro %}


{#
  What rules and reasons may use, by name: `sql` and `type`. These are the columns of four tables, by the aliases that
  they have in the model list_members, and what is computed of them. Of two columns of one name, the first counts.
#}
{% macro columns_of_rules() %}
    {%- set known = {} %}
    {%- for alias, name in [
        ('customers', 'customer_clv'), ('segments', 'customer_segments'), ('profiles', 'dim_customer'),
        ('features', 'customer_features')
    ] %}
        {%- for column in graph.nodes['model.' ~ project_name ~ '.' ~ name].columns.values() %}
            {%- if column.name not in known and column.name not in ('as_of_date', 'run_id') %}
                {%- do known.update({column.name: {'sql': alias ~ '.' ~ column.name, 'type': column.data_type}}) %}
            {%- endif %}
        {%- endfor %}
    {%- endfor %}
    {%- for name, reasons in [('value_reason', 'reasons'), ('risk_reason', 'risk_reasons')] %}
        {%- set sql = "jsonb_path_query_first(customers." ~ reasons ~ ", '$[*] ? (@.effect > 0)') ->> 'reason'" %}
        {%- do known.update({name: {'sql': sql, 'type': 'text'}}) %}
    {%- endfor %}
    {%- do known.update({'shop_discount_share': {'sql': 'shop.discount_share', 'type': 'double precision'}}) %}
    {{ return(known) }}
{% endmacro %}


{#
  The columns that a list's rule uses. A rule consists of columns, numbers, texts in single quotes, comparisons, `*`,
  brackets, and the words below; nothing else, so that it is a condition and no more.
#}
{% macro words_of_rule(list, known) %}
    {%- set rule, used = list['rule'] or '', [] %}
    {%- set text, word = "'[^']*'", '[a-z_][a-z0-9_]*' %}
    {%- set rest = modules.re.sub(text ~ '|' ~ word ~ '|[0-9]+([.][0-9]+)?|<=|>=|<>|[<>=(),*]|[ ]+', '', rule) %}
    {%- if rest or not rule %}
        {{ refuse_list(list, 'rule', 'it contains ' ~ rest[0] if rest else 'it is empty') }}
    {%- endif %}
    {%- for found in modules.re.findall(text ~ '|' ~ word, rule) if not found.startswith("'") %}
        {%- if found in known %}
            {%- do used.append(found) %}
        {%- elif found not in ('and', 'or', 'not', 'in', 'is', 'null', 'true', 'false', 'any') %}
            {{ refuse_list(list, 'rule', found ~ ' is no column of customer_clv, customer_segments, dim_customer or customer_features') }}
        {%- endif %}
    {%- endfor %}
    {{ return(used) }}
{% endmacro %}


{#
  The reason of a list's members: `sql`, an expression that puts a customer's values into the list's text, and `words`,
  the columns that it uses. In the text, {column} or {column as format} is replaced; a missing value reads `unknown`.
  Formats are money, percent, whole and text; without one, the column's type decides.
#}
{% macro reason_of_list(list, known) %}
    {%- set parts, words = [], [] %}
    {%- for part in modules.re.split('([{][^}]*[}])', list['reason'] or '') if part %}
        {%- if part.startswith('{') %}
            {%- set name, _, format = part[1:-1].partition(' as ') %}
            {%- if name not in known %}
                {{ refuse_list(list, 'reason', part ~ ' is no column that a rule may use') }}
            {%- endif %}
            {%- set type = known.get(name, {}).type | string %}
            {%- set format = format or (
                'money' if type == 'numeric(18,2)' else 'whole' if type.startswith(('numeric', 'double')) else 'text'
            ) %}
            {%- set shown = {
                'money': "to_char(" ~ name ~ ", 'FM999,999,999,990.00') || coalesce(' ' || nullif(currency, 'XXX'), '')",
                'percent': "round(100 * " ~ name ~ "::numeric) || ' %'",
                'whole': "round(" ~ name ~ "::numeric)::text",
                'text': name ~ '::text',
            } %}
            {%- if format not in shown %}
                {{ refuse_list(list, 'reason', format ~ ' is no format; formats are ' ~ shown | join(', ')) }}
            {%- endif %}
            {%- do parts.append("coalesce(" ~ shown.get(format) ~ ", 'unknown')") %}
            {%- do words.append(name) %}
        {%- else %}
            {%- do parts.append("'" ~ part | replace("'", "''") ~ "'") %}
        {%- endif %}
    {%- endfor %}
    {%- if not parts %}
        {{ refuse_list(list, 'reason', 'it is empty') }}
    {%- endif %}
    {{ return({'sql': parts | join(' || '), 'words': words}) }}
{% endmacro %}


{# Refuses a list if PostgreSQL cannot evaluate its rule or reason, for columns of the types that they have. #}
{% macro require_usable(list, reason, used, known) %}
    {%- if list.is_refused %}
        {{ return(none) }}
    {%- endif %}
    {%- set columns = [] %}
    {%- for name in used | unique %}
        {%- do columns.append('null::' ~ known[name].type ~ ' as ' ~ name) %}
    {%- endfor %}
    {%- set nobody = ' from (select ' ~ columns | join(', ') ~ ') as nobody' %}
    {%- do run_query(function_that_tries()) %}
    {%- for part, query in [
        ('rule', 'select' ~ nobody ~ ' where ' ~ list['rule']), ('reason', 'select ' ~ reason ~ nobody)
    ] %}
        {%- set problem = run_query('select pg_temp.problem_of(' ~ dbt.string_literal(dbt.escape_single_quotes(query)) ~ ')').rows[0][0] %}
        {%- if problem %}
            {{ refuse_list(list, part, problem) }}
        {%- endif %}
    {%- endfor %}
{% endmacro %}


{# Creates a function for this session that runs a query and returns PostgreSQL's message if it fails. #}
{% macro function_that_tries() %}
    create or replace function pg_temp.problem_of(query text) returns text language plpgsql as $$
    begin
        execute query;
        return null;
    exception when others then
        return sqlerrm;
    end
    $$
{% endmacro %}


{# Stops the build if the list is the seed's; marks it as refused, with a warning, if somebody saved it. #}
{% macro refuse_list(list, part, problem) %}
    {%- set problem_of_list = 'the ' ~ part ~ ' of the list ' ~ list['list_name'] ~ ' cannot be used: ' ~ problem %}
    {%- if not list.is_saved %}
        {{ exceptions.raise_compiler_error(problem_of_list ~ '; correct it in dbt_project/seeds/lists.csv') }}
    {%- endif %}
    {%- do list.update({'is_refused': true}) %}
    {%- do exceptions.warn(problem_of_list ~ '; it has no customers until somebody saves it again') %}
{% endmacro %}
