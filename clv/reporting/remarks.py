"""Remarks about settings that affect how the numbers must be read: costs of goods that are not known, and
customers left off lists."""

from __future__ import annotations

from dataclasses import dataclass

from clv.core.settings import Settings

SET_MARGIN = 'write {"gross_margin": 0.4}, with your own share of revenue, into'
# Selects the fields of `Basis` from one run's rows of segment_summary.
QUERY = """
    select
        max(profit_basis),
        coalesce(sum(customers_contactable), 0)::integer,
        coalesce(sum(customers_agreed), 0)::integer,
        coalesce(sum(customers_consent_unknown), 0)::integer,
        coalesce(sum(customers_refused), 0)::integer
    from {relation} where {condition}
"""


@dataclass(frozen=True)
class Basis:
    """What a run's profit rests on (segment_summary.profit_basis; None for runs made before that column existed), and
    how many customers gave or refused consent. contactable: customers on lists meant for contact."""

    profit: str | None
    contactable: int
    agreed: int
    unknown: int
    refused: int

    @property
    def unknown_consent(self) -> str:
        """What the run did with customers who were never asked for consent: `include` them on its lists or `exclude`
        them."""
        return "include" if self.contactable > self.agreed else "exclude"

    def facts(self) -> dict[str, object]:
        """The facts for the step's entry in the log."""
        return {
            "profit rests on": self.profit,
            "may be contacted": self.contactable,
            "consent unknown": self.unknown,
            "consent refused": self.refused,
        }


def of_settings(home: Settings) -> list[str]:
    """Remarks, before any order is loaded, about settings that the operator has not made and will want."""
    remarks = []
    if home.shop.gross_margin is None:
        remarks.append(
            "no gross_margin is set: where a source brings no cost, no cost of goods is known, and profit, customer "
            f"value and LTV:CAC are too high; {SET_MARGIN} {home.shop_file}"
        )
    if "phone" in home.shop.identities and home.shop.calling_code is None:
        remarks.append(
            "identities has the rule phone, and no calling_code is set: telephone numbers without one are not used; "
            f'write {{"calling_code": "44"}}, with that of your country, into {home.shop_file}'
        )
    return remarks


def of_run(basis: Basis, home: Settings) -> list[str]:
    """Remarks that a reader of the run needs, each with its remedy; empty when the run assumed nothing.

    The assumptions are those of the run. The remedies refer to the present shop.json, which the next run uses.
    """
    place = home.shop_file
    remarks = []
    if "revenue" in (basis.profit or ""):
        where = " for some rows" if "costs" in (basis.profit or "") else ""
        remedy = f"{SET_MARGIN} {place}"
        if home.shop.gross_margin is not None:
            remedy = f"the next run takes the gross_margin of {home.shop.gross_margin} that is in {place} now"
        remarks.append(f"no cost of goods is known{where}, so profit and customer value are too high; {remedy}")
    if basis.unknown:
        used, now = basis.unknown_consent, home.shop.unknown_consent
        kept, other = ("on", "exclude") if used == "include" else ("left out of", "include")
        remedy = f'to change that, write {{"unknown_consent": "{other}"}} into {place}'
        if now != used:
            remedy = f"the next run uses the setting in {place}, which is now {now}"
        remarks.append(
            f"{basis.unknown:,} customers were never asked for consent and are {kept} lists meant "
            f"for contact ({basis.contactable:,} customers are on them, {basis.refused:,} refused); {remedy}"
        )
    return remarks
