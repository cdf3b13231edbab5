-- A record that states a refund makes two rows of one batch and line, its own (entry 0) and the refund's (entry 1).

alter table raw.order_lines add column _entry smallint not null default 0;
comment on column raw.order_lines._entry is
'Which of its record''s rows it is: 0 is the record''s own, 1 the refund that the record states beside it.';

with numbered as (
    select
        ctid as place,
        row_number() over (partition by _batch_id, _line order by _row_key like '%|refund', amount desc nulls last) - 1
            as entry
    from raw.order_lines
    where (_batch_id, _line) in (
        select _batch_id, _line from raw.order_lines group by _batch_id, _line having count(*) > 1
    )
)

update raw.order_lines set _entry = numbered.entry from numbered where order_lines.ctid = numbered.place and entry > 0;

-- From the next run on, staging uses the column to distinguish the rows.
delete from ops.builds where exists (select from raw.order_lines where _entry > 0);
