{{ accepted_rows('shipments') }}
