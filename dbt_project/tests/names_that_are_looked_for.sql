-- Names in the seeds that other models and the report use. If such a name is changed in a seed, what uses it would
-- silently be empty.
with

value_bands as (select * from {{ ref('value_bands') }}),

segments as (select * from {{ ref('segments') }}),

looked_for (name) as (values ('high'), ('slipping'), ('no orders'))

select looked_for.name
from looked_for
where
    not exists (select 1 from value_bands where value_bands.value_band = looked_for.name)
    and not exists (select 1 from segments where segments.lifecycle_stage = looked_for.name)
