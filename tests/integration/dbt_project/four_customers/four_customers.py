"""A shop of four customers: its files, and functions that build and read its tables."""

from __future__ import annotations

from raw_rows import customer, decide, deliver, deliver_spend, line, predict, withdraw

from clv.catalog import tables
from clv.core import settings
from clv.transform import dbt
from clv.warehouse import db

AS_OF, RUN = "2024-06-01", "2024-06-01.1"


VARIABLES = {"as_of_date": AS_OF, "run_id": RUN}


TRAINING = {
    "as_of_date": AS_OF,
    "run_id": RUN,
    "training_date": AS_OF,
    "origins": ["2024-03-03", "2024-02-03"],
}


def orders() -> list[dict]:
    """The shop's first file, with one example of each rule. Customer c has only a refund; customer d once received
    something for free."""
    pen = line("1", "2024-01-10 10:00", "19.99", category="desk", channel="web", country="FR", discount="-3.50")
    pen |= {"campaign": "spring", "discount_code": "TEN"}
    return [
        pen,
        pen,
        line("1", "2024-01-10 10:00", "30.01", product_id="ink", category="desk", channel="web", country="FR"),
        line("2", "2024-03-10 09:00", "40.00"),
        line("r1", "2024-04-01 12:00", "-10.00"),
        line("3", "2024-05-31 23:59:59", "70.005", who="b"),
        line("4", "2024-06-01 00:00", "500.00", who="b"),
        line("r2", "2024-02-01 08:00", "-5.50", who="c"),
        line("5", "2023-05-01 08:00", "20.00", who="d", cost="12.00"),
        line("5", "2024-06-05 08:00", "7.00", who="d", product_id="ink"),
        line("6", "2024-01-01 08:00", "1.00", who=None),
        line("7", "2024-01-01 08:00", None),
        line("10", "2024-02-20 08:00", "0.00", who="d", product_id="gift"),
        line("8", "2024-01-01 08:00", "9.00", _rule="test_order"),
    ]


SPEND = [
    ("2024-01-01", "web", "25.00"),
    ("2024-02-01", "poster", "5.00"),
    ("2024-05-31", "web", "30.00"),
    ("2024-06-01", "web", "100.00"),  # on the as-of date, so it is not used
]


def table(name: str, columns: str = "*", where: str = "true") -> list[tuple]:
    """The rows of a table, ordered by the selected columns."""
    return db.rows(f"select {columns} from {name} where {where} order by {columns}")


def build(home: settings.Settings) -> dict:
    """Loads the shop's files and builds every layer. Returns the facts of each build."""
    deliver(orders(), "orders.csv", unreadable=1)
    deliver([line("2", "2024-03-10 09:00", "45.00")], "corrections.csv")
    withdraw(deliver([line("9", "2024-05-01 09:00", "999.00")], "mistake.csv"))
    deliver_spend(SPEND, "spend.csv")
    deliver_spend([("2024-01-01", "web", "30.00")], "spend-corrected.csv")
    facts = {layer: dbt.build(layer, VARIABLES, home) for layer in ("staging", "intermediate", "features")}
    facts["training"] = dbt.build("training", TRAINING, home)
    decide("m", "perennial", 0.25, published=True)
    decide("m", "last_year", 0.5, published=False)
    predict(AS_OF, RUN, a=(0.75, 100.0), b=(0.2, 50.0), c=None, d=(0.5, 50.0))
    with db.connect() as connection:
        connection.execute(
            f"""update {tables.CUSTOMER_PREDICTIONS} set persona = case customer_key when %s then 'orders often, new'
                else 'long silent, few products' end
            where horizon_days = 365 and status = 'scored'""",
            (customer("a"),),
        )
    facts["analytics"] = dbt.build("analytics", VARIABLES, home)
    return facts
