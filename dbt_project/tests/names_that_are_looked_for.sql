-- Names of the seeds that win_back and the report look for; renamed, these would be empty without a word.
with

value_bands as (select * from {{ ref('value_bands') }}),

stages as (select * from {{ ref('lifecycle_bounds') }}),

looked_for (name) as (values ('high'), ('at risk'), ('lapsed'))

select looked_for.name
from looked_for
where
    not exists (select 1 from value_bands where value_bands.value_band = looked_for.name)
    and not exists (select 1 from stages where stages.lifecycle_stage = looked_for.name)
