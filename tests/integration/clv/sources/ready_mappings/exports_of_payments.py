"""Exports of tills and payment services, with amounts whose revenue is worked out beside them."""

from __future__ import annotations

import json

import export_headers as headers
from made_exports import Export, table

PACIFIC = "Pacific Time (US & Canada)"


def square_transactions() -> Export:
    def row(number: str, customer: str, net: str, event: str = "Payment", **values: object) -> dict[str, object]:
        at = {"Date": "05/03/24", "Time": "14:05:09", "Time Zone": PACIFIC, "Event Type": event}
        beside = {"Tax": "$8.00", "Tip": "$5.00", "Service Charges": "$1.00", "Transaction Status": "Complete"}
        return {**at, "Transaction ID": number, "Customer ID": customer, "Net Sales": net, **beside, **values}

    rows = [
        row("T1", "TILL-A", "$1,240.00"),
        row("T2", "TILL-A", "-$45.00", "Refund", Date="2024-05-04"),
        row("T3", "TILL-B", "$0.00", **{"Gift Card Sales": "$50.00"}),
        row("T4", "TILL-B", "$12.00", **{"Square Gift Card": "$12.00"}),  # paid with the card
        row("T5", "TILL-B", "$0.00", "Refund", **{"Partial Refunds": "-$2.00"}),
        row("T6", "", "$9.00"),
    ]
    files = {"transactions.csv": table(headers.SQUARE_TRANSACTIONS, *rows)}
    return Export("square_transactions", files, {"TILL-A": "1195.00", "TILL-B": "10.00"}, ["no_customer"])


def square_items() -> Export:
    def row(number: str, customer: str, item: str, quantity: str, net: str, **values: object) -> dict[str, object]:
        at = {"Date": "2024-05-03", "Time": "14:05:09", "Time Zone": PACIFIC, "Transaction ID": number, "Tax": "$1.00"}
        good = {"Itemization Type": "Physical Good", "Event Type": "Payment", "Category": "Coffee"}
        return {**at, "Customer ID": customer, "Item": item, "Qty": quantity, "Net Sales": net, **good, **values}

    rows = [
        row("T1", "ITEM-A", "Beans", "1.0", "$1,240.00"),
        row("T1", "ITEM-A", "Cup", "2.0", "$10.00"),
        row("T2", "ITEM-A", "Cup", "-1.0", "-$5.00", **{"Event Type": "Refund"}),
        row("T3", "ITEM-B", "Gift Card", "1.0", "$50.00", **{"Itemization Type": "Gift Card"}),
        row("T3", "ITEM-B", "Cup", "1.0", "$5.00"),
        row("T4", "", "Cup", "1.0", "$5.00"),
    ]
    files = {"items.csv": table(headers.SQUARE_ITEMS, *rows)}
    return Export("square_items", files, {"ITEM-A": "1245.00", "ITEM-B": "5.00"}, ["no_customer"])


def stripe_payments_converted() -> Export:
    def row(number: str, email: str, amount: str, refunded: str, **values: object) -> dict[str, object]:
        named = {"id": number, "Customer Email": email, "Currency": "eur", "Converted Currency": "usd"}
        amounts = {"Amount": "1.00", "Converted Amount": amount, "Converted Amount Refunded": refunded}
        return {**named, **amounts, "Status": "Paid", "Captured": "true", "Mode": "Live", **values}

    before = {"Created (UTC)": "2024-05-03 18:37"}
    now = {"Created date (UTC)": "2024-05-04 18:37:41"}
    rows = [
        row("ch_1", "Una@stripe.example", "130.00", "30.00", **before),
        row("ch_2", "vic@stripe.example", "60.00", "60.00", **before, Status="Refunded"),
        row("ch_3", "vic@stripe.example", "", "", **before, Status="Failed"),
    ]
    newer = [
        row("ch_4", "una@stripe.example", "20.00", "0.00", **now),
        row("ch_5", "una@stripe.example", "20.00", "0.00", **now, Captured="false"),
        row("ch_6", "una@stripe.example", "20.00", "0.00", **now, Mode="Test"),
        row("ch_7", "una@stripe.example", "0.00", "0.00", **now, Amount="0.00"),
    ]
    files = {
        "payments.csv": table(headers.STRIPE_BEFORE, *rows),
        "unified_payments.csv": table(headers.STRIPE, *newer),
    }
    customers = {"una@stripe.example": "120.00", "vic@stripe.example": "0.00"}
    return Export(
        "stripe_payments_converted", files, customers, ["not_captured", "not_paid", "nothing_paid", "test_payment"]
    )


def stripe_payments() -> Export:
    """Files without converted columns, and with only some of them, which are then not read."""

    def row(number: str, email: str, amount: str, refunded: str, **values: object) -> dict[str, object]:
        at = {"id": number, "Created date (UTC)": "2024-05-04 18:37:41", "Customer Email": email, "Status": "Paid"}
        return {**at, "Amount": amount, "Amount Refunded": refunded, "Currency": "usd", **values}

    converted = {"Converted Amount": "90.00", "Converted Currency": "eur"}
    some = [name for name in headers.STRIPE if name != "Converted Amount Refunded"]
    none = [name for name in some if name not in converted]
    files = {
        "payments.csv": table(none, row("ch_1", "Val@plain.example", "30.00", "10.00")),
        "some_converted.csv": table(some, row("ch_2", "wyn@plain.example", "100.00", "50.00", **converted)),
    }
    return Export("stripe_payments", files, {"val@plain.example": "20.00", "wyn@plain.example": "50.00"})


def stripe_api() -> Export:
    def charge(number: str, email: str, amount: int, refunded: int, **values: object) -> dict[str, object]:
        return {
            "id": number, "amount": amount, "amount_refunded": refunded, "currency": "usd", "created": 1714644000,
            "billing_details": {"email": email}, "receipt_email": None, "paid": True, "captured": True,
            "livemode": True, "status": "succeeded", **values,
        }  # fmt: skip

    charges = [
        charge("ch_a", "Zoe@charge.example", 13000, 3000),
        charge("ch_b", "abe@charge.example", 6000, 6000),
        charge("ch_c", "abe@charge.example", 700, 0, paid=False, status="failed"),
        charge("ch_d", "abe@charge.example", 700, 0, captured=False),
        charge("ch_e", "abe@charge.example", 700, 0, livemode=False),
    ]
    files = {"charges.json": json.dumps(charges).encode()}
    customers = {"zoe@charge.example": "100.00", "abe@charge.example": "0.00"}
    bridge = {"sales": "211.00", "refunds": "-90.00", "rejected": "-21.00"}
    return Export("stripe_api", files, customers, ["not_captured", "not_paid", "test_payment"], bridge)


def paypal() -> Export:
    def row(number: str, email: str, kind: str, gross: str, **values: object) -> dict[str, object]:
        at = {"Date": "05/23/2024", "Time": "14:05:09", "TimeZone": "PDT", "Status": "Completed", "Currency": "USD"}
        return {**at, "Transaction ID": number, "From Email Address": email, "Type": kind, "Gross": gross, **values}

    rows = [
        row("7AA", "Wes@paypal.example", "Website Payment", "1,100.00", **{"Sales Tax": "100.00"}),
        row("7AB", "wes@paypal.example", "Payment Refund", "-100.00", **{"Reference Txn ID": "7AA"}),
        row("7AC", "", "General Withdrawal", "-996.80"),
        row("7AD", "xia@paypal.example", "Website Payment", "50.00", Status="Pending"),
        row("7AE", "xia@paypal.example", "Express Checkout Payment", "20.00", TimeZone="CEST"),
        row("7AF", "", "General Currency Conversion", "-20.00"),
        row("7AG", "shop@paypal.example", "General Payment", "-300.00", Name="A Supplier"),
        row("7AI", "supplier@paypal.example", "Payment Refund", "300.00", **{"Reference Txn ID": "7AG"}),
        row("7AH", "shop@paypal.example", "PreApproved Payment Bill User Payment", "-9.00", Name="A Subscription"),
    ]
    files = {"activity.csv": b"\xef\xbb\xbf" + table(headers.PAYPAL, *rows)}
    customers = {"wes@paypal.example": "1000.00", "xia@paypal.example": "20.00"}
    rejected = ["no_sale", "no_sale", "not_completed", "paid_by_the_shop", "paid_by_the_shop", "refunded_to_the_shop"]
    return Export("paypal", files, customers, rejected)


ALL = [square_transactions(), square_items(), stripe_payments_converted(), stripe_payments(), stripe_api(), paypal()]
