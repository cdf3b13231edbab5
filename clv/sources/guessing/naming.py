"""Finds what the columns of an unknown file may stand for, by their names and values."""

from __future__ import annotations

import re
from collections.abc import Callable

from clv.sources.guessing.sampled import Sample
from clv.sources.mapping.telling import is_address, is_number, is_time, most

PRICE = r".*(price|preis|prix|precio).*"
# The names that columns have in exports, the surest first, in languages whose exports are common.
NAMES = {
    "customer": [
        r"(.*[ _.-])?(customer|client|buyer|user|member|kunden?|cliente?|klant)[ _.-]*"
        r"(id|no|nr|number|key|nummer|code)",
        r".*(e[-_ ]?mail|courriel|correo).*",
        r"(customer|client|buyer|user|member|kunde|cliente?|klant)",
    ],
    "order": [
        r"(.*[ _.-])?(order|invoice|bestell\w*|rechnungs?\w*|commande|pedido|ordine|receipt)[ _.-]*"
        r"(id|no|nr|number|name|nummer|#)",
        r"(n[°ºr.]? ?|num[eé]ro de |número de )?(order|invoice|bestellung|commande|pedido|ordine)",
        r"transaction[ _.-]*(id|no|nr|number)|nr|id|#",
    ],
    "time": [
        r"(created|ordered|order|purchase|sale|bestell|invoice)[ _.-]*(at|on|date|datum|time)( \(.*\))?",
        r".*(date|datum|fecha|data|time|zeit).*",
    ],
    "amount": [
        r"(net|order|line|item)?[ _.-]*(sales|total|amount|revenue|umsatz|betrag|summe|montant|importe|totale)",
        r".*(total|amount|sales|sold for|verkauft|revenue|betrag|summe|umsatz|montant|importe|value|wert).*",
        PRICE,
    ],
    "currency": [r".*(currency|währung|waehrung|devise|moneda|valuta).*"],
    "status": [r"(?!.*(ship|bill|address)).*(status|state|zustand|estado|état|stato).*"],
    "quantity": [r".*(quantity|qty|menge|anzahl|quantité|cantidad|aantal).*"],
    "discount": [r".*(discount|rabatt|remise|descuento|sconto).*"],
    "product_id": [r".*(sku|product[ _]?id|item[ _]?number|artikel\w*n\w*).*"],
    "product_name": [r".*(product|item|artikel|produkt|produit|article)[ _]?(name|title|bezeichnung)?", r"title"],
    "category": [r".*(category|kategorie|catégorie|categoría).*"],
    "channel": [r".*(channel|kanal|source|medium).*"],
    "country": [r".*(country|land|pays|país).*"],
}
NO_REVENUE = re.compile(r".*(tax|vat|shipping|freight|postage|fee|tip|discount|refund|mwst|versand|rabatt).*", re.I)
OF_ADS = re.compile(r".*(impressions?|impr\.|clicks|klicks|clics).*", re.I)
COST = re.compile(r".*(cost|spend|spent|kosten|ausgegeben|coût|dépensé|gasto).*", re.I)
SPAN = re.compile(r".*(start|begin|ende?\b|ends|début|fin\b|von|bis).*", re.I)  # the first or last day of several
CENTS = re.compile(r".*\d[.,]\d\d\D*")


def named(seen: Sample) -> dict[str, str]:
    """Returns the file's column for each key of a mapping of orders, as far as its names and values tell."""
    suits = {"time": is_time, "amount": is_number, "quantity": is_number, "discount": is_number}
    found: dict[str, str] = {}
    for key, patterns in NAMES.items():
        free = [name for name, values in seen.columns.items() if values and name not in found.values()]
        if key == "amount":
            free = [name for name in free if not NO_REVENUE.fullmatch(name)]
        fitting = [name for name in free if suits.get(key, bool)(seen.columns[name])]
        by_name = [[name for name in fitting if re.fullmatch(one, name.strip(), re.I)] for one in patterns]
        surest, *others = [*by_name[:1], _by_values(key, seen, free), *by_name[1:]]
        if candidates := surest or [name for some in others for name in some]:
            found[key] = candidates[0]
    return found


def is_of_ads(seen: Sample) -> bool:
    """Whether a file seems to be a report of advertising."""
    return any(map(OF_ADS.fullmatch, seen.columns))


def _by_values(key: str, seen: Sample, names: list[str]) -> list[str]:
    """Returns the columns whose values alone tell what they are."""
    telling: dict[str, Callable[[list[str]], bool]] = {
        "customer": is_address,
        "time": lambda values: is_time(values) and not is_number(values),
        "amount": lambda values: is_number(values) and most(values, lambda one: bool(CENTS.fullmatch(one))),
    }
    return [name for name in names if key in telling and telling[key](seen.columns[name])]
