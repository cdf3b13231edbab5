{{ config(alias='forecast_months_history') }}

{{ published(ref('forecast_months'), history=true) }}
