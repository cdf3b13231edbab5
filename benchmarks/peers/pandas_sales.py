"""Reads a shop's files with pandas, for the peers that fit models of repeat purchases."""

from pathlib import Path

import pandas as pd

COLUMNS = ["order_id", "line_id", "customer_id", "ordered_at", "amount", "status", "updated_at"]


def read(shop, laps):
    """Sales as (customer_id, day, amount), and the share of their revenue that is not refunded."""
    files = sorted(Path(shop, "csv").glob("*.csv.gz"))
    lines = pd.concat(pd.read_csv(file, usecols=COLUMNS, dtype={"order_id": str}) for file in files)
    laps.end("read")
    lines = lines[(lines.status != "test") & lines.customer_id.notna()]
    lines = lines.sort_values("updated_at", kind="stable").drop_duplicates(["order_id", "line_id"], keep="last")
    lines["day"] = pd.to_datetime(lines.ordered_at).dt.normalize()
    sales = lines[lines.status == "paid"].groupby(["customer_id", "day"], as_index=False).amount.sum()
    kept = 1 + lines[lines.status == "refunded"].amount.sum() / sales.amount.sum()
    laps.end("clean")
    return sales, kept
