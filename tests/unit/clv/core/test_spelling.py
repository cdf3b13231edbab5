"""A misspelt name is answered with the nearest known one."""

from __future__ import annotations

from clv.core import spelling


def test_the_nearest_name_is_suggested_in_its_own_spelling_or_none() -> None:
    known = ["customer", "currency", "Voucher"]
    assert spelling.did_you_mean("custommer", known) == "did you mean 'customer'? "
    assert spelling.did_you_mean("VOUCHR", known) == "did you mean 'Voucher'? "
    assert spelling.did_you_mean("xyz", known) == ""
