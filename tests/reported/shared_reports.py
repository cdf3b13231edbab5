"""The cases of ../shared/reported, if that folder exists: its files and mappings, and the values that its README
states."""

from __future__ import annotations

from pathlib import Path

import reported_cases
from reported_cases import Case

REPORTED = Path(__file__).resolve().parents[3] / "shared" / "reported"

# folder: (mapping, files in order, net revenue by customer, reasons of rejected rows)
RIGHT: dict[str, tuple[str, list[str], dict[str, str], list[str]]] = {
    "01-shopify-blank-continuation": (
        "shopify",
        ["orders_export_1.csv"],
        {"c01-a@x.test": "100.90", "c01-b@x.test": "50.00", "c01-c@x.test": "0.00"},
        ["cancelled_order", "cancelled_order", "voided_order", "voided_order"],
    ),
    "02b-shopify-single-refund": ("shopify", ["orders_export_one_refund.csv"], {"c02b-a@x.test": "50.00"}, []),
    "08-total-repeated": (
        "c08_total_repeated.yml",
        ["wc_repeated.csv"],
        {"c08-a@x.test": "90.00", "c08-b@x.test": "15.00"},
        [],
    ),
    "10-german-export": (
        "c10_german_export.yml",
        ["bestellungen.csv"],
        {"c10-müller": "1247.06", "c10-groß": "987.50"},
        [],
    ),
    "11a-decimal-comma-no-thousands": (
        "c11a_decimal_comma_no_thousands.yml",
        ["de.csv"],
        {"c11-a": "12.50"},
        ["amount '1.234' is not a number", "amount '1.234,56' is not a number", "amount '12.50' is not a number"],
    ),
    "18a-stripe-csv": (
        "c18a_stripe_csv.yml",
        ["unified_payments.csv"],
        {"c18-a": "130.00", "c18-b": "0.00"},
        ["failed_charge"],
    ),
    "39-number-in-amount": ("orders", ["shifted.csv"], {"c39-a": "10.00"}, ["10,000,000,000,000 or more: too large"]),
    "30-reexport-edited": ("c30_reexport_edited.yml", ["a_monday.csv", "b_tuesday.csv"], {"c30-a": "30.00"}, []),
    # Order C38-1 is 10.00. Two customer ids, which differ only in upper and lower case, have an order C38-2 each: 20.00
    # together.
    "38-time-corrected": (
        "orders",
        ["first.csv", "second.csv"],
        {"c38-a": "10.00", "c38-b": "10.00", "C38-B": "10.00"},
        [],
    ),
}


def shared_cases() -> list[Case]:
    """Returns a case for each situation of RIGHT; none if the folder does not exist."""
    if not REPORTED.is_dir():
        return []
    return [
        reported_cases.case(
            f"shared-{name}", REPORTED / name, mapping, list(files), dict(customers), rejected=list(rejected)
        )
        for name, (mapping, files, customers, rejected) in RIGHT.items()
    ]
