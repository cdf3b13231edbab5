"""What a shop counts as revenue, which shop.json states, applies to every mapping of orders."""

from __future__ import annotations

from pathlib import Path

from clv.core import settings
from clv.sources.kinds.mappings import load_mapping


def test_the_shops_policy_applies_to_the_mappings_of_orders(tmp_path: Path):
    usual = settings.Settings(tmp_path, {})
    own = usual.with_shop(revenue_includes=["tax", "shipping"])
    assert load_mapping("shopify", usual).amount_parts.keys() == {"tax", "shipping"}
    assert load_mapping("shopify", own).amount_parts == {}
    assert load_mapping("shopify", own).amount_minus == ()
    assert load_mapping("shopify", own).sha256 != load_mapping("shopify", usual).sha256
    for unaffected in ("orders", "ad_spend"):
        assert load_mapping(unaffected, own) == load_mapping(unaffected, usual)
