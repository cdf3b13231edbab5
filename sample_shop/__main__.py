"""python -m sample_shop --customers 2000 --seed 7 --until 2024-06-01 --out DIR"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from sample_shop.shop import HISTORY_DAYS, make


def main() -> None:
    """Makes the shop and says what was written."""
    parser = argparse.ArgumentParser(prog="python -m sample_shop", description="Make a simulated shop's order files.")
    parser.add_argument("--customers", type=int, default=2000, help="how many have ever ordered (default 2000)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default 7)")
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="first day without orders, YYYY-MM-DD")
    parser.add_argument("--history-days", type=int, default=HISTORY_DAYS, help="days of orders (default three years)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    asked = parser.parse_args()
    if asked.customers < 1 or asked.history_days < 1:
        parser.error("--customers and --history-days must be 1 or more")
    facts = make(asked.out, asked.customers, asked.seed, asked.until, asked.history_days)
    print(f"{asked.out}: {facts['rows']:,} rows in {facts['files']} files, {facts['orders']:,} orders")


if __name__ == "__main__":
    main()
