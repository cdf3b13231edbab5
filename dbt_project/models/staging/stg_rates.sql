{{ accepted_rows('rates') }}
