"""python -m sample_shop --customers 2000 --seed 7 --until 2024-06-01 --out DIR"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from sample_shop.shop import HISTORY_DAYS, RESPONSE, make


def main() -> None:
    """Makes the shop and prints what was written."""
    parser = argparse.ArgumentParser(prog="python -m sample_shop", description="Make a simulated shop's order files.")
    parser.add_argument("--customers", type=int, default=2000, help="how many have ever ordered (default 2000)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default 7)")
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="first day without orders, YYYY-MM-DD")
    parser.add_argument("--history-days", type=int, default=HISTORY_DAYS, help="days of orders (default three years)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--contacted", type=Path, nargs="+", default=[], help="exported lists whose customers respond")
    parser.add_argument("--response", type=float, default=RESPONSE, help="extra orders each of them places on average")
    arguments = parser.parse_args()
    if arguments.customers < 1 or arguments.history_days < 1:
        parser.error("--customers and --history-days must be 1 or more")
    facts = make(
        arguments.out, arguments.customers, arguments.seed, arguments.until, arguments.history_days,
        arguments.contacted, arguments.response,
    )  # fmt: skip
    print(f"{arguments.out}: {facts['rows']:,} rows in {facts['files']} files, {facts['orders']:,} orders")
    if arguments.contacted:
        print(
            f"responses.csv.gz: {facts['extra_orders']:,} orders because of contacts; "
            f"{facts['expected_orders']:,.0f} and {facts['expected_revenue']:,.0f} EUR are expected"
        )


if __name__ == "__main__":
    main()
