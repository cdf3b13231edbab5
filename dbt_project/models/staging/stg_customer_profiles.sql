{{ accepted_rows('customers') }}
