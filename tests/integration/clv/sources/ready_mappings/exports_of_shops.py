"""Exports of shop programs, with amounts whose revenue is worked out beside them."""

from __future__ import annotations

import json

import export_headers as headers
from made_exports import Export, table


def shopify() -> Export:
    def order(name: str, email: str, day: int, total: str, **values: object) -> dict[str, object]:
        item = {"Lineitem quantity": 1, "Lineitem name": "Mug", "Lineitem price": "100.00", "Lineitem sku": "MUG"}
        usual = {"Financial Status": "paid", "Shipping": "0.00", "Taxes": "0.00", "Refunded Amount": "0.00"}
        at = {"Currency": "USD", "Created at": f"2024-05-{day:02} 10:00:00 -0400", "Payment Method": "Shopify Payments"}
        return {
            "Name": name,
            "Email": email,
            "Total": total,
            "Billing Name": "A Person",
            **usual,
            **at,
            **item,
            **values,
        }

    def item(name: str, email: str, quantity: int, product: str, price: str) -> dict[str, object]:
        """A further line of an order, whose own columns are empty."""
        named = {"Name": name, "Email": email, "Created at": "2024-05-01 10:00:00 -0400"}
        return {**named, "Lineitem quantity": quantity, "Lineitem name": product, "Lineitem price": price}

    rows = [
        # 113 less 5 and 8 is 100. A quarter of 113 was refunded, so a quarter of 100: 75 remain.
        order("#1", "Ann@shopify.example", 1, "113.00", Shipping="5.00", Taxes="8.00", **{"Refunded Amount": "28.25"}),
        item("#1", "Ann@shopify.example", 2, "Tea", "0.00"),
        # Prices with tax: 119 less 19. All was refunded.
        order("#2", "bob@shopify.example", 2, "119.00", Taxes="19.00", **{"Refunded Amount": "119.00"}),
        # 172 less 2 of tax and two gift cards of 50.
        order("#3", "cara@shopify.example", 3, "172.00", Taxes="2.00"),
        item("#3", "cara@shopify.example", 2, "Gift Card - $50.00", "50.00"),
        # 65 less 10, 5 and 10.
        order("#4", "eve@shopify.example", 4, "65.00", Shipping="10.00", Taxes="5.00", Duties="10.00"),
        order("#5", "ann@shopify.example", 5, "50.00", **{"Cancelled at": "2024-05-05 11:00:00 -0400"}),
        order("#6", "dora@shopify.example", 6, "50.00", **{"Financial Status": "pending"}),
        item("#6", "dora@shopify.example", 1, "Tea", "5.00"),
        order("#7", "owner@shopify.example", 7, "50.00", **{"Payment Method": "(For Testing) Bogus Gateway"}),
        order("#8", "", 8, "50.00", Source="pos"),
    ]
    before = [order("#0801", "finn@shopify.example", 9, "30.00", Shipping="4.00", Taxes="6.00")]
    short = [order("#0701", "finn@shopify.example", 10, "36.00", Shipping="4.00", Taxes="2.00")]
    files = {
        "orders_export_1.csv": table(headers.SHOPIFY, *rows),
        "orders_export_before.csv": table(headers.SHOPIFY_BEFORE, *before),
        "orders_export_short.csv": table(headers.SHOPIFY_SHORT, *short),
    }
    customers = {"ann": "75.00", "bob": "0.00", "cara": "70.00", "eve": "40.00", "finn": "50.00"}
    rejected = ["cancelled_order", "missing_customer", "test_order", "voided_order", "voided_order"]
    bridge = {
        "sales": "735.00",  # the column Total: 113 + 119 + 172 + 65 + 50 + 50 + 50 + 50 + 30 + 36
        "refunds": "-147.25",
        "rejected": "-200.00",
        "tax": "-52.00",  # 8 + 19 + 2 + 5 and 10 of duties + 6 + 2
        "shipping": "-23.00",
        "gift_cards": "-100.00",
        "charges_in_refunds": "22.25",  # a quarter of 13, and all of 19
    }
    customers = {f"{name}@shopify.example": net for name, net in customers.items()}
    return Export("shopify", files, customers, rejected, bridge)


def shopify_api() -> Export:
    def order(name: str, email: str, total: str, tax: str, shipping: str, **values: object) -> dict[str, object]:
        tea = {"id": 1, "sku": "TEA", "name": "Tea", "price": "10.00", "quantity": 2, "gift_card": False}
        return {
            "name": name, "email": email, "created_at": "2024-05-01T10:00:00-04:00", "currency": "USD",
            "updated_at": "2024-05-02T10:00:00-04:00", "financial_status": "paid", "cancelled_at": None, "test": False,
            "total_price": "99.00", "current_total_price": total, "current_total_tax": tax, "source_name": "web",
            "current_shipping_price_set": {"shop_money": {"amount": shipping, "currency_code": "USD"}},
            "current_total_duties_set": None, "total_tip_received": "0.00", "buyer_accepts_marketing": True,
            "shipping_address": {"country_code": "US"}, "line_items": [tea], **values,
        }  # fmt: skip

    card = {"id": 2, "sku": "", "name": "Gift card", "price": "50.00", "quantity": 1, "gift_card": True}
    mug = {"id": 3, "sku": "MUG", "name": "Mug", "price": "20.00", "quantity": 1, "gift_card": False}
    removed, kept = {**card, "current_quantity": 0}, {**mug, "current_quantity": 1}
    orders = [
        order("#1", "gus@api.example", "77.00", "2.00", "5.00", line_items=[card, mug]),  # 70 less the card of 50
        order("#2", "Hal@api.example", "58.00", "3.00", "5.00", total_tip_received="10.00"),  # what is left of a refund
        order("#3", "hal@api.example", "0.00", "0.00", "0.00", financial_status="refunded"),
        order("#4", "ivy@api.example", "20.00", "0.00", "0.00", cancelled_at="2024-05-01T11:00:00-04:00"),
        order("#5", "owner@api.example", "20.00", "0.00", "0.00", test=True),
    ]
    current = [
        # The first card was given back, so the total is without it. The second is still to be taken off.
        order("#6", "joy@api.example", "20.00", "0.00", "0.00", line_items=[removed, kept]),
        order("#7", "joy@api.example", "70.00", "0.00", "0.00", line_items=[{**card, "current_quantity": 1}, kept]),
    ]
    files = {"orders.json": json.dumps(orders).encode(), "current.json": json.dumps(current).encode()}
    customers = {"gus@api.example": "20.00", "hal@api.example": "40.00", "joy@api.example": "40.00"}
    bridge = {
        "sales": "265.00",  # 77 + 58 + 0 + 20 + 20 + 20 + 70
        "rejected": "-40.00",
        "tax": "-5.00",
        "shipping": "-10.00",
        "tips": "-10.00",
        "gift_cards": "-100.00",
    }
    return Export("shopify_api", files, customers, ["cancelled_order", "test_order"], bridge)


def shopify_graphql() -> Export:
    def money(amount: str) -> dict:
        return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}

    def line(sku: str, price: str, left: int, is_card: bool = False) -> dict:
        values = {"sku": sku, "name": sku, "quantity": 1, "currentQuantity": left, "isGiftCard": is_card}
        return {**values, "originalUnitPriceSet": money(price)}

    def order(name: str, email: str, total: str, tax: str, shipping: str, *lines: dict, **values: object) -> dict:
        return {
            "id": f"gid://shopify/Order/{name}", "name": name, "email": email, "createdAt": "2024-05-01T14:00:00Z",
            "updatedAt": "2024-05-02T14:00:00Z", "cancelledAt": None, "test": False, "displayFinancialStatus": "PAID",
            "sourceName": "web", "shippingAddress": {"countryCodeV2": "US"}, "currentTotalPriceSet": money(total),
            "currentTotalTaxSet": money(tax), "currentShippingPriceSet": money(shipping),
            "currentTotalDutiesSet": None, "totalTipReceivedSet": money("0.0"),
            "lineItems": {"nodes": list(lines) or [line("TEA", "10.0", 2)]}, **values,
        }  # fmt: skip

    card = line("CARD", "50.0", 1, is_card=True)
    orders = [
        order("#1", "Kim@graph.example", "77.0", "2.0", "5.0", card, line("MUG", "20.0", 1)),  # 70 less the card of 50
        order("#2", "lea@graph.example", "58.0", "3.0", "5.0", totalTipReceivedSet=money("10.0")),
        order("#3", "lea@graph.example", "20.0", "0.0", "0.0", line("CARD", "50.0", 0, is_card=True)),  # given back
        order("#4", "max@graph.example", "20.0", "0.0", "0.0", cancelledAt="2024-05-01T15:00:00Z"),
        order("#5", "max@graph.example", "20.0", "0.0", "0.0", displayFinancialStatus="PENDING"),
    ]
    files = {"000001.jsonl": "".join(f"{json.dumps(one)}\n" for one in orders).encode()}
    customers = {"kim@graph.example": "20.00", "lea@graph.example": "60.00"}
    bridge = {
        "sales": "195.00",  # 77 + 58 + 20 + 20 + 20
        "rejected": "-40.00",
        "tax": "-5.00",
        "shipping": "-10.00",
        "tips": "-10.00",
        "gift_cards": "-50.00",
    }
    return Export("shopify_graphql", files, customers, ["cancelled_order", "voided_order"], bridge)


def woocommerce_api() -> Export:
    def order(number: int, email: str, status: str, total: str, tax: str, shipping: str) -> dict:
        lines = [{"sku": "TEA", "name": "Tea", "quantity": 2, "price": 10, "product_id": 7},
                 {"sku": "MUG", "name": "Mug", "quantity": 1, "price": 20.5, "product_id": 8}]  # fmt: skip
        return {
            "id": number, "status": status, "currency": "USD", "date_created_gmt": "2024-05-01T10:00:00",
            "date_modified_gmt": "2024-05-02T10:00:00", "total": total, "total_tax": tax, "shipping_total": shipping,
            "billing": {"email": email, "country": "DE"}, "created_via": "checkout", "line_items": lines,
        }  # fmt: skip

    orders = [
        order(11, "Nia@woo.example", "completed", "53.90", "8.40", "5.00"),
        order(12, "nia@woo.example", "processing", "10.00", "0.00", "0.00"),
        order(13, "oli@woo.example", "refunded", "10.00", "0.00", "0.00"),
        order(14, "oli@woo.example", "on-hold", "10.00", "0.00", "0.00"),
    ]
    files = {"orders.json": json.dumps(orders).encode()}
    rejected = [*["not_paid"] * 2, *["refunded_order"] * 2]  # two lines each
    bridge = {"sales": "83.90", "rejected": "-20.00", "tax": "-8.40", "shipping": "-5.00"}
    return Export("woocommerce_api", files, {"nia@woo.example": "50.50"}, rejected, bridge)


def woocommerce_advanced_export() -> Export:
    def row(number: int, email: str, status: str, total: str, tax: str, shipping: str, refund: str, item: str) -> dict:
        named = {"Order Number": number, "Order Status": status, "Order Date": "2024-05-01 10:00", "Item #": 1}
        amounts = {"Order Total Tax Amount": tax, "Order Shipping Amount": shipping, "Order Refund Amount": refund}
        return {**named, "Email (Billing)": email, "Order Total Amount": total, **amounts, "SKU": item}

    # 60 less 10 and 5 is 45; a third of 60 was refunded, so a third of 45
    one = (501, "Jan@woo.example", "Completed", "60", "10", "5", "20")
    rows = [row(*one, "MUG"), row(*one, "TEA"), row(502, "kim@woo.example", "Failed", "9", "0", "0", "0", "TEA")]
    usual = [
        row(503, "jan@woo.example", "Processing", "24", "4", "0", "0", "MUG"),
        row(504, "liv@woo.example", "Refunded", "24", "4", "5", "24", "MUG"),
    ]
    files = {"orders.csv": table(headers.WOO_ADVANCED, *rows), "may.csv": table(headers.WOO_ADVANCED_USUAL, *usual)}
    customers = {"jan@woo.example": "50.00", "liv@woo.example": "0.00"}
    return Export("woocommerce_advanced_export", files, customers, ["not_paid"])


def woocommerce_webtoffee() -> Export:
    def row(number: int, email: str, status: str, total: str) -> dict[str, object]:
        named = {"order_id": number, "order_number": number, "order_date": "2024-05-01 10:00:00", "status": status}
        amounts = {"tax_total": "11.00", "shipping_total": "5.00", "shipping_tax_total": "1.00", "order_total": total}
        return {**named, **amounts, "order_currency": "USD", "billing_email": email, "customer_email": email}

    rows = [
        row(601, "Lea@toffee.example", "completed", "60.00"),  # less 11, with shipping's tax, and 5
        row(602, "max@toffee.example", "refunded", "60.00"),
        row(603, "max@toffee.example", "pending", "60.00"),
    ]
    files = {"order_export.csv": table(headers.WOO_WEBTOFFEE, *rows)}
    return Export("woocommerce_webtoffee", files, {"lea@toffee.example": "44.00"}, ["not_paid", "refunded_order"])


def magento() -> Export:
    def row(number: str, at: str, email: str, total: str, status: str, refunded: str = "") -> dict[str, object]:
        named = {"ID": number, "Purchase Point": "Main", "Purchase Date": at, "Customer Email": email}
        totals = {"Grand Total (Base)": total, "Grand Total (Purchased)": total, "Total Refunded": refunded}
        return {**named, **totals, "Status": status, "Shipping and Handling": "10.00", "Customer Name": "A Person"}

    rows = [
        # 110 without shipping; a quarter of 120 was refunded, so a quarter of 110
        row("000000701", "May 3, 2024 04:05:06 PM", "Ned@magento.example", "120.0000", "Complete", "30.0000"),
        row("000000702", "May 4, 2024, 12:15:00 AM", "oda@magento.example", "$1,210.00", "Processing", "$0.00"),
        row("000000703", "May 05, 2024 16:05:06 PM", "oda@magento.example", "80.0000", "Closed", "80.0000"),
        row("000000704", "May 6, 2024 04:05:06 PM", "oda@magento.example", "80.0000", "Canceled"),
        row("000000705", "May 6, 2024 04:05:06 PM", "oda@magento.example", "80.0000", "Pending Payment"),
    ]
    customers = {"ned@magento.example": "82.50", "oda@magento.example": "1200.00"}
    return Export("magento", {"export.csv": table(headers.MAGENTO, *rows)}, customers, ["not_paid", "not_paid"])


def amazon_orders() -> Export:
    def row(order: str, item: str, email: str, price: str, **values: object) -> dict[str, object]:
        at = {"purchase-date": "2024-05-01T10:00:00-07:00", "currency": "USD", "quantity-purchased": 2, "sku": "MUG"}
        amounts = {"item-price": price, "item-tax": "3.00", "shipping-price": "5.00"}
        return {"order-id": order, "order-item-id": item, "buyer-email": email, **at, **amounts, **values}

    rows = [row("801", "1", "quin@marketplace.example", "20.00")]
    europe = [
        row("802", "1", "Pia@marketplace.example", "40.00", **{"item-promotion-discount": "4.00"}),
        row("802", "2", "pia@marketplace.example", "10.00"),
    ]
    files = {
        "orders.txt": table(headers.AMAZON, *rows, delimiter="\t"),
        "orders-europe.txt": table(headers.AMAZON_EUROPE, *europe, delimiter="\t"),
    }
    customers = {"pia@marketplace.example": "46.00", "quin@marketplace.example": "20.00"}
    return Export("amazon_orders", files, customers, bridge={"sales": "70.00", "discounts": "-4.00"})


def etsy_orders() -> Export:
    def row(number: int, buyer: str, value: str, discount: str, **values: object) -> dict[str, object]:
        named = {"Sale Date": "05/03/24", "Order ID": number, "Buyer User ID": buyer, "Full Name": "A Person"}
        amounts = {"Order Value": value, "Discount Amount": discount, "Shipping": "8.00", "Sales Tax": "2.00"}
        return {**named, **amounts, "Adjusted Order Total": "0.00", "Currency": "USD", **values}

    rows = [
        row(901, "etsy-rui", "1,068.00", "0"),
        row(902, "Etsy-Rui", "27.00", "2.70"),
        row(903, "etsy-sue", "30.00", "0", Status="Canceled"),
        row(904, "", "30.00", "0"),
    ]
    files = {"EtsySoldOrders2024-5.csv": table(headers.ETSY, *rows)}
    return Export("etsy_orders", files, {"etsy-rui": "1092.30"}, ["cancelled_order", "missing_customer"])


def ebay_orders() -> Export:
    def row(order: str, buyer: str, item: str, quantity: object, price: str, **values: object) -> dict[str, object]:
        named = {"Order Number": order, "Buyer Username": buyer, "Sale Date": "May-03-24", "Item Title": item}
        return {**named, "Quantity": quantity, "Sold For": price, "Shipping And Handling": "$4.00", **values}

    rows = [
        {},
        row("11-1", "ebay-tia", "", 3, "$20.00"),  # the totals of the order's two items
        row("11-1", "ebay-tia", "Shirt", 1, "$10.00"),
        row("11-1", "ebay-tia", "Cap", 2, "$5.00"),
        row("11-2", "Ebay-Uli", "Lamp", 1, "$1,116.99"),
        {"Sales Record Number": "2", "Order Number": "record(s) downloaded"},
    ]
    blank = "," * (len(headers.EBAY) - 1) + "\n"
    files = {"eBay-OrdersReport.csv": table(headers.EBAY, *rows, before=blank)}
    return Export("ebay_orders", files, {"ebay-tia": "20.00", "ebay-uli": "1116.99"}, ["totals_row"] * 3)


def squarespace() -> Export:
    def row(order: int, email: str, total: str, refunded: str, **values: object) -> dict[str, object]:
        named = {"Order ID": order, "Email": email, "Financial Status": "PAID", "Currency": "USD"}
        at = {"Created at": "2024-05-01 10:00:00 -0400", "Lineitem quantity": 1, "Lineitem price": "10.00"}
        amounts = {"Shipping": "10.00", "Taxes": "0.00", "Amount Refunded": refunded, "Total": total}
        return {**named, **at, **amounts, "Lineitem name": "Coffee", "Billing Name": "A Person", **values}

    card = {"Order ID": 1, "Lineitem quantity": 1, "Lineitem name": "Gift Card", "Lineitem price": "25.00"}
    rows = [
        row(1, "Sia@squarespace.example", "55.00", "0.00"),  # less 10 and the card of 25
        card,
        row(2, "tom@squarespace.example", "20.00", "20.00", **{"Created at": "5/2/2024 21:06"}),
        row(3, "tom@squarespace.example", "20.00", "5.00"),  # 10 without shipping, a quarter refunded
        row(4, "uma@squarespace.example", "20.00", "0.00", **{"Financial Status": "PENDING"}),
    ]
    customers = {"sia@squarespace.example": "20.00", "tom@squarespace.example": "7.50"}
    return Export("squarespace", {"orders.csv": table(headers.SQUARESPACE, *rows)}, customers, ["not_paid"])


ALL = [
    shopify(), shopify_api(), shopify_graphql(), woocommerce_api(), woocommerce_advanced_export(),
    woocommerce_webtoffee(), magento(), amazon_orders(),
    etsy_orders(), ebay_orders(), squarespace(),
]  # fmt: skip
