{{ config(alias='forecast_months') }}

{{ published(ref('forecast_months')) }}
