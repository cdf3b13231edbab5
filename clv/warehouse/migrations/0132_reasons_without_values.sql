-- What a reason quotes is the row's and may name somebody: wherever more people read it than the loader, it is left out.
create function ops.without_values(reason text) returns text
language sql immutable strict parallel safe
as $$ select regexp_replace(reason, '[''"].*[''"]', '…') $$;
comment on function ops.without_values is
'The reason for which a row is rejected, with an ellipsis in place of the values that it quotes.';
