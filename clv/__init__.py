"""What the layers share: settings, the one date, table names, warehouse access, the steps, the `clv` command."""

import gc

# Imports and dbt's parsing make hundreds of thousands of objects that stay. With Python's default, looking through them
# for garbage again and again takes a quarter of the time of these.
gc.set_threshold(10_000, 20, 20)
