{{ config(alias='forecast_totals_history') }}

{{ published(ref('forecast_totals'), history=true) }}
