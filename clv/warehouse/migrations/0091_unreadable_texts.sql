-- The text of an unreadable row may name its customer, so it is stored in pii.

create table pii.unreadable_texts (
    batch_id bigint not null references raw.batches,
    line bigint not null,
    raw_text text not null,
    primary key (batch_id, line)
);
comment on table pii.unreadable_texts is
'One row per row of a file that could not be read (quarantine.unreadable_rows): its text as it came.';
comment on column pii.unreadable_texts.batch_id is 'Batch the row came in: raw.batches.';
comment on column pii.unreadable_texts.line is 'Line of the row in its file.';
comment on column pii.unreadable_texts.raw_text is 'The text as it came, cut at 10,000 characters.';
comment on column quarantine.unreadable_rows.raw_text is
'Text of rows that were loaded before texts were kept in pii.unreadable_texts; else null.';
grant select, insert on pii.unreadable_texts to clv_loader;
