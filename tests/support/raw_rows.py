"""Builders of the rows that ingestion writes to raw, and of those that scoring writes to predictions."""

from __future__ import annotations

import hashlib
import itertools
import uuid

from clv.catalog import tables
from clv.warehouse import db

_numbers = itertools.count(1)


def customer(letter: str) -> uuid.UUID:
    """The key of a customer named by one letter, a to f."""
    return uuid.UUID(f"{letter * 8}-0000-4000-8000-000000000001")


def line(order: str | None, ordered_at: str | None, amount: object, who: str | None = "a", **values: object) -> dict:
    """One raw row; its key is order and product unless `_row_key` is given."""
    row = {
        "order_id": order,
        "ordered_at": ordered_at,
        "amount": amount,
        "customer_key": customer(who) if who else None,
        "product_id": "pen",
        **values,
    }
    content = hashlib.md5(repr(sorted(row.items(), key=str)).encode(), usedforsecurity=False)
    key = f"{order or next(_numbers)}|{row['product_id']}"
    return {"_row_key": key, "_content": uuid.UUID(content.hexdigest()), **row}


def deliver(
    lines: list[dict],
    file_name: str = "orders.csv",
    source: str = "shop",
    unreadable: int = 0,
    row_key: str | None = None,
) -> int:
    """A file as ingestion loads it into raw; returns its batch_id. row_key: how its mapping identifies rows."""
    with db.connect() as connection:
        connection.execute(f"insert into {tables.SETTINGS} values ('currency', 'GBP') on conflict do nothing")
        found = connection.execute(
            f"""
            insert into {tables.BATCHES} (
                source, file_name, content_sha256, mapping_sha256, currency, rows_received, rows_loaded,
                rows_unreadable, row_key
            ) values (%s, %s, %s, 'm', 'GBP', %s, %s, %s, %s) returning batch_id
            """,
            (source, file_name, str(next(_numbers)), len(lines) + unreadable, len(lines), unreadable, row_key),
        ).fetchone()
        assert found is not None
        for number, values in enumerate(lines, 1):
            row = {"_batch_id": found[0], "_source": source, "_line": number, **values}
            connection.execute(
                f"insert into {tables.ORDER_LINES} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})",  # type: ignore[arg-type]
                list(row.values()),
            )
    return found[0]


def deliver_spend(
    rows: list[tuple[str, ...]], file_name: str, source: str = "ads", content: str | None = None, mapping: str = "m"
) -> int:
    """A file of ad spend as ingestion loads it into raw, as tuples (day, channel, amount) or with a campaign as fourth;
    returns its batch_id."""
    with db.connect() as connection:
        found = connection.execute(
            f"""
            insert into {tables.BATCHES} (
                kind, source, file_name, content_sha256, mapping_sha256, currency, rows_received, rows_loaded,
                rows_unreadable
            ) values ('spend', %s, %s, %s, %s, 'GBP', %s, %s, 0) returning batch_id
            """,
            (source, file_name, content or str(next(_numbers)), mapping, len(rows), len(rows)),
        ).fetchone()
        assert found is not None
        for number, row in enumerate(rows, 1):
            digest = hashlib.md5(repr(row).encode(), usedforsecurity=False).hexdigest()
            day, channel, amount, campaign = (*row, None)[:4]
            connection.execute(
                f"""insert into {tables.CHANNEL_SPEND} (
                    _batch_id, _source, _line, _content, day, channel, amount, campaign
                ) values (%s, %s, %s, %s, %s, %s, %s, %s)""",
                (found[0], source, number, uuid.UUID(digest), day, channel, amount, campaign),
            )
    return found[0]


def withdraw(batch_id: int) -> None:
    """Withdraws a batch."""
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.WITHDRAWALS} (batch_id, reason) values (%s, 'wrong file')", (batch_id,)
        )


def predict(as_of: str, run_id: str, **forecasts: tuple[float, float] | None) -> None:
    """Writes forecasts by customer letter: (p_purchase, revenue over 365 days), or None for too little data.

    Other horizons get their share of the days; quantiles are 0.5, 0.9 and 2 times the mean; the discount factor is 0.9.
    The next order is 45 days ahead if the probability is a half or more. A customer's own standard deviation is the
    mean, that of the total .1 and that of a group .05. The main horizon has one reason with an effect of 10 on revenue,
    and one of 5 percentage points on the risk.
    """
    with db.connect() as connection:
        for horizon in (90, 180, 365):
            connection.execute(
                f"insert into {tables.NEW_CUSTOMERS} values (%s, %s, %s, 2.4, 1.4, 4.6, 60.125, 30, 110)",
                (as_of, run_id, horizon),
            )
        for letter, forecast in forecasts.items():
            for horizon in (90, 180, 365, 1825):
                p_purchase, mean = forecast or (None, None)
                money = [mean * horizon / 365 * factor if mean is not None else None for factor in (1, 0.5, 0.9, 2)]
                connection.execute(
                    f"""
                    insert into {tables.CUSTOMER_PREDICTIONS} (
                        as_of_date, run_id, customer_key, horizon_days, status, status_reason, p_alive, p_purchase,
                        expected_orders, predicted_revenue, predicted_p10, predicted_p50, predicted_p90,
                        discount_factor, model_version, reasons, risk_reasons, days_to_next_order,
                        own_spread, total_spread, group_spread
                    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0.9, 'm', %s, %s, %s, %s, 0.1, 0.05)
                    """,
                    (
                        as_of, run_id, customer(letter), horizon,
                        "scored" if forecast else "too_little_data", None if forecast else "no money before the date",
                        p_purchase, p_purchase, p_purchase, *money,
                        '[{"group": "spend", "reason": "why", "effect": 10}]' if forecast and horizon == 365 else None,
                        '[{"group": "recency", "reason": "ago", "effect": 5}]' if forecast and horizon == 365 else None,
                        45 if forecast and forecast[0] >= 0.5 else None, money[0],
                    ),
                )  # fmt: skip


def decide(model: str, contestant: str, bias: float, published: bool) -> None:
    """Writes the metrics of a model or a baseline at past dates, over 365 days."""
    with db.connect() as connection:
        connection.execute(
            f"""
            insert into {tables.MODEL_DECISIONS} (
                model_version, training_date, horizon_days, contestant, origins, normalized_gini, rmse, bias, published
            ) values (%s, '2024-06-01', 365, %s, '2023-06-01', 0.5, 10, %s, %s)
            """,
            (model, contestant, bias, published),
        )
