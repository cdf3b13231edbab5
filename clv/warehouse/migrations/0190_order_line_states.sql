-- Numbers the states of the order lines (intermediate.int_order_line_versions); a later state has a higher number.

create sequence ops.order_line_states;
comment on sequence ops.order_line_states is 'Numbers the states of intermediate.int_order_line_versions: it never goes back.';
grant usage on sequence ops.order_line_states to clv_transformer;
