-- The value that a reason quotes is from the row and may name a person. It is removed wherever others than the loader
-- can read the reason.
create function ops.without_values(reason text) returns text
language sql immutable strict parallel safe
as $$ select regexp_replace(reason, '[''"].*[''"]', '…') $$;
comment on function ops.without_values is
'The reason for which a row is rejected, with an ellipsis in place of the values that it quotes.';
