{#
  The run's forecasts, as a query: one row per (as_of_date, run_id, customer_key, horizon_days), with the prediction and
  its value in profit and in discounted profit.
  This and `reference_ranks` are no models, because dbt takes long to put an ephemeral model into the queries that read
  it.
#}
{% macro forecast_values() -%}
(
    with

    predictions as (
        select *
        from {{ source('predictions', 'customer_predictions') }}
        where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
    ),

    margin as (
        select *
        from {{ ref('profit_margin') }}
        where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
    ),

    final as (
        select
            predictions.*,
            predictions.predicted_revenue * margin.margin as predicted_profit,
            {{ discounted_profit('predictions', 'margin.margin') }} as predicted_clv,
            -- At a loss, more revenue means less value.
            case when margin.margin < 0 then predictions.predicted_p90 else predictions.predicted_p10 end
            * margin.margin * predictions.discount_factor as predicted_clv_low,
            predictions.predicted_p50 * margin.margin * predictions.discount_factor as predicted_clv_p50,
            case when margin.margin < 0 then predictions.predicted_p10 else predictions.predicted_p90 end
            * margin.margin * predictions.discount_factor as predicted_clv_high
        from predictions
        cross join margin
    )

    select * from final
)
{%- endmacro %}


{#
  A query with one row per customer known at the training date of the run's model: the percentage of customers with a
  higher predicted value at that date, by that model. Value tiers and bands refer to it.
#}
{% macro reference_ranks() -%}
(
    with

    predictions as (
        select *
        from {{ source('predictions', 'customer_predictions') }}
        where
            as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
            and horizon_days = {{ var('main_horizon') }}
    ),

    reference_predictions as (
        select *
        from {{ source('predictions', 'reference_predictions') }}
        where model_version = (select max(predictions.model_version) from predictions)
    ),

    margin as (
        select *
        from {{ ref('profit_margin') }}
        where as_of_date = date '{{ given("as_of_date") }}' and run_id = '{{ given("run_id") }}'
    ),

    valued as (
        select
            reference_predictions.customer_key,
            {{ money('reference_predictions.historic_revenue') }} as historic_revenue,
            {{ money(discounted_profit('reference_predictions', 'margin.margin')) }} as predicted_clv
        from reference_predictions
        cross join margin
    ),

    final as (
        select
            customer_key,
            {{ percent_above() }} as percent_above
        from valued
    )

    select * from final
)
{%- endmacro %}
