"""Products: one row for each product and day from which its values hold, such as an export of the catalogue."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="products",
    table=tables.PRODUCTS,
    means="a product as it is from a day on",
    columns=(
        Column(name="product_id", type="id", means="Product, by the id that the orders give.", required=True),
        Column(name="valid_from", type="day", means="Day from which the values of the row hold.", required=True),
        Column(name="product_name", type="text", means="Name of the product."),
        Column(name="category", type="text", means="Category of the product."),
        Column(name="price", type="money", means="Price of one item."),
        Column(name="cost", type="money", means="What one item costs the shop."),
        Column(name="stock", type="number", means="Items in stock."),
    ),
    replaces=("product_id", "valid_from"),
)
