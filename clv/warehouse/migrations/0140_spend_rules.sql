-- Rows of ad spend that a filter of the mapping rejects, such as totals. They are counted with the filter's name, and
-- are not spend.
alter table raw.channel_spend add column _rule text;
alter table raw.channel_spend
    alter column day drop not null,
    alter column channel drop not null,
    alter column amount drop not null,
    add constraint channel_spend_is_whole check (_rule is not null or num_nulls(day, channel, amount) = 0);
comment on column raw.channel_spend._rule is 'Filter of the mapping that rejects the row; null when none does.';
