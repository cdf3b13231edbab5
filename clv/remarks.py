"""What a reader of the numbers has to know of the shop's settings: where profit is revenue, whom lists leave out."""

from __future__ import annotations

from dataclasses import dataclass

from clv.settings import Settings

MEND_MARGIN = 'write {"gross_margin": 0.4}, with your own share of revenue, into'
# Of the rows of segment_summary of one run: what `Basis` is made of.
QUERY = """
    select
        max(profit_basis),
        coalesce(sum(customers_contactable), 0)::integer,
        coalesce(sum(customers_consent_unknown), 0)::integer,
        coalesce(sum(customers_refused), 0)::integer
    from {relation} where {condition}
"""


@dataclass(frozen=True)
class Basis:
    """What a run's profit rests on (see segment_summary.profit_basis; None in runs made before it was kept), and of how
    many customers it is known whether they may be written to."""

    profit: str | None
    contactable: int
    unknown: int
    refused: int

    def facts(self) -> dict[str, object]:
        """For the log of the run's step."""
        return {
            "profit rests on": self.profit,
            "may be written to": self.contactable,
            "consent unknown": self.unknown,
            "consent refused": self.refused,
        }


def of_settings(home: Settings) -> list[str]:
    """What the operator has not set and will want to, said before any order is there."""
    if home.shop["gross_margin"] is not None:
        return []
    return [
        "no gross_margin is set: where a source brings no cost, profit and customer value are revenue, and LTV:CAC is "
        f"too high; {MEND_MARGIN} {home.home / 'shop.json'}"
    ]


def of_run(basis: Basis, home: Settings) -> list[str]:
    """What a run's reader has to know, each with its remedy; none where nothing is assumed."""
    said = []
    if "revenue" in (basis.profit or ""):
        where = " wherever no cost is known" if "costs" in (basis.profit or "") else ""
        said.append(f"profit and customer value are revenue{where}; {MEND_MARGIN} {home.home / 'shop.json'}")
    if basis.unknown:
        kept, other = ("on", "exclude") if home.shop["unknown_consent"] == "include" else ("left out of", "include")
        said.append(
            f"{basis.unknown:,} customers were never asked whether they may be written to and are {kept} lists meant "
            f"for contact ({basis.contactable:,} customers are on them, {basis.refused:,} refused); "
            f'to change that, write {{"unknown_consent": "{other}"}} into {home.home / "shop.json"}'
        )
    return said
