{{ config(alias='days') }}

select day::date as day
from generate_series(date '1990-01-01', date '2049-12-31', interval '1 day') as listed (day)
