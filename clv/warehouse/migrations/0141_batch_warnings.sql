-- Warnings about a file that was loaded.
create table raw.batch_warnings (
    batch_id bigint not null references raw.batches,
    place integer not null,
    warning text not null,
    primary key (batch_id, place)
);
comment on table raw.batch_warnings is
'One row per batch and thing that looks wrong in its file, which was loaded all the same. Holds nothing of a customer.';
comment on column raw.batch_warnings.batch_id is 'Batch of the file: raw.batches.';
comment on column raw.batch_warnings.place is 'Place among the warnings of the batch, from 1.';
comment on column raw.batch_warnings.warning is 'How many rows look wrong, the first one''s line, and a mend.';

grant select, insert on raw.batch_warnings to clv_loader;
grant select on raw.batch_warnings to clv_publisher;
