{{ config(alias='forecast_totals') }}

{{ published(ref('forecast_totals')) }}
