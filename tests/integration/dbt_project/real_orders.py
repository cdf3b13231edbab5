"""Online Retail II in a warehouse with invented forecasts, and an independent implementation of the rules of
acceptance."""

from __future__ import annotations

import re
from pathlib import Path

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.transform import dbt
from clv.warehouse import db

DATES = ("2010-06-01", "2011-06-01")

# The documented rules, implemented independently in DuckDB: a line counts as often as in the sheet that contains it
# most often; invoices A… are bad debt; the listed stock codes are not products; lines without a price or a customer do
# not count.
ACCEPTED = """
    with lines as (
        select
            *,
            row_number() over (
                partition by source_sheet, Invoice, StockCode, Description, Quantity, InvoiceDate, Price, "Customer ID",
                Country
            ) as occurrence
        from read_parquet('{file}')
    ),
    counted as (select distinct * exclude (source_sheet) from lines)
    select
        "Customer ID"::bigint::text as customer_id,
        InvoiceDate as ordered_at,
        Quantity * Price::decimal(18, 4) as amount
    from counted
    where not Invoice like 'A%' and Price > 0 and "Customer ID" is not null
        and not regexp_matches(
            StockCode,
            '(?i)^(POST|DOT|M|C2|C3|D|S|B|BANK CHARGES|AMAZONFEE|CRUK|ADJUST2?|TEST00[0-9]|GIFT|gift_0001_[0-9]+)$'
        )
"""

# What the file states by month, up to the accepted lines: sales, refunds, rejected lines and duplicates, each rounded.
BRIDGE = """
    with lines as (
        select
            *, Quantity * Price::decimal(18, 4) as amount,
            row_number() over (
                partition by source_sheet, Invoice, StockCode, Description, Quantity, InvoiceDate, Price, "Customer ID",
                Country
            ) as occurrence
        from read_parquet('{file}')
        where InvoiceDate < '{day}'
    ),
    stated as (
        select
            strftime(InvoiceDate, '%Y-%m') as month,
            round(coalesce(sum(amount) filter (amount >= 0), 0), 2) as sales,
            round(coalesce(sum(amount) filter (amount < 0), 0), 2) as refunds,
            sum(amount) as amount
        from lines group by month
    ),
    once as (
        select strftime(InvoiceDate, '%Y-%m') as month, sum(amount) as amount
        from (select distinct * exclude (source_sheet) from lines) group by month
    ),
    counting as (
        select strftime(ordered_at, '%Y-%m') as month, sum(amount) as amount
        from ({accepted}) where ordered_at < '{day}' group by month
    )
    select
        month, sales, refunds, -round(once.amount - coalesce(counting.amount, 0), 2) as rejected,
        -round(stated.amount - once.amount, 2) as duplicates, round(coalesce(counting.amount, 0), 2) as counted
    from stated join once using (month) left join counting using (month) order by month
"""


def build(home: settings.Settings, file: Path) -> None:
    """Loads the file, builds up to the features of each date, and publishes the last date with the forecasts of
    foretell."""
    sources.load("online_retail_ii", file, home)
    dbt.build("staging", {}, home)
    dbt.build("intermediate", {}, home)
    for day in DATES:
        dbt.build("features", {"as_of_date": day, "run_id": f"{day}.1"}, home)
    write_forecasts(DATES[-1])
    dbt.build("analytics", {"as_of_date": DATES[-1], "run_id": f"{DATES[-1]}.1"}, home)
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            f" values ('{DATES[-1]}', '{DATES[-1]}.1', '', '{{}}')"
        )


def write_forecasts(day: str) -> None:
    """Writes forecasts: each customer repeats the last year's revenue plus one."""
    with db.connect() as connection:
        connection.execute(
            f"""
            insert into {tables.CUSTOMER_PREDICTIONS} (
                as_of_date, run_id, customer_key, horizon_days, status, p_alive, p_purchase, expected_orders,
                predicted_revenue, predicted_p10, predicted_p50, predicted_p90, discount_factor, model_version, reasons,
                risk_reasons
            )
            select
                as_of_date, run_id, customer_key, days, 'scored', 1, case when orders_365 > 1 then 0.8 else 0.3 end,
                orders_365, greatest(revenue_365, 0) * days / 365 + 1, 0, 1, greatest(revenue_365, 0) * 3 + 1,
                0.95, 'm', '[{{"reason": "last year again", "effect": 7}}]',
                '[{{"reason": "long ago", "effect": 8.5}}]'
            from {tables.CUSTOMER_FEATURES} cross join (values (90), (180), (365), (1825)) as horizons (days)
            where as_of_date = %s
            """,
            (day,),
        )


def results() -> dict[str, list[tuple]]:
    """Every query of the analyst guide with its result, executed as the analyst's role."""
    guide = (settings.PROJECT / "docs" / "analyst-guide.md").read_text()
    found = re.findall(r"^([^\n]+\?)\n\n```sql\n(.*?)```", guide, flags=re.DOTALL | re.MULTILINE)
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        return {question: connection.execute(query).fetchall() for question, query in found}
