"""What an owner may say of the shop: the settings of $CLV_HOME/shop.json, their defaults and what they may be."""

from __future__ import annotations

import json
import re
from pathlib import Path

from clv.core import zone_names
from clv.core.declared import HORIZONS
from clv.core.errors import ClvError

LONGEST_HORIZON = 1095
BLENDS = ("weighted", "voting", "stacking")  # ways to the weights of the forecasts that are blended
CONSENT_POLICIES = ("exclude", "include")
SEARCHES = ("bayes", "random", "grid")

# What may be set in $CLV_HOME/shop.json, with the value used where it is not set.
SHOP_DEFAULTS = {
    "gross_margin": None,  # profit per unit of revenue where a source brings no cost; None: profit is revenue there
    "discount_rate": 0.10,  # per year
    "horizons": list(HORIZONS),  # days that are forecast; the longest is the main one
    "tune_minutes": 0,  # that a training may search for the learners' parameters; 0: the usual ones
    "tune_search": "bayes",  # or random, or grid
    "blend": BLENDS[0],
    "minimum_days": 180,  # of orders before a forecast is made
    "minimum_customers": 500,
    "time_zone": "UTC",  # that orders are dated in; times whose offset or zone is known are converted to it
    "unknown_consent": CONSENT_POLICIES[0],  # whether lists meant for contact hold customers who were never asked
    "currency": None,  # the warehouse's; where it is not set, the first file's
    "retention_days": None,  # after which upkeep removes what names a person and no step reads; None: never
}


def read(path: Path) -> dict:
    """What a home's shop.json says, and the defaults of what it does not. Raises ClvError naming the setting that
    cannot be, and what it should be."""
    shop = json_file(path)
    if not isinstance(shop, dict):
        raise ClvError(f'{path} holds no settings; write it as in {{"gross_margin": 0.4}}')
    unknown = sorted(set(shop) - set(SHOP_DEFAULTS))
    if unknown:
        raise ClvError(f"{path} sets {', '.join(unknown)}; known settings are {', '.join(SHOP_DEFAULTS)}")
    for name, value in shop.items():
        holds, expected = SHOP_VALUES[name]
        if not holds(value):
            raise ClvError(f"{path}: {name} is {expected}, not {json.dumps(value)}")
    if not zone_names.exists(zone := shop.get("time_zone", "UTC")):
        meant = json.dumps({"time_zone": zone_names.near(zone)})
        raise ClvError(f"{path}: there is no time_zone {json.dumps(zone)}; write it as in {meant}")
    return {**SHOP_DEFAULTS, **shop}


def json_file(path: Path) -> dict:
    """A file of JSON, {} where there is none. Raises ClvError naming it when it cannot be read."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ClvError(f"{path} is not JSON ({error}); mend it or remove it") from None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _horizons(value: object) -> bool:
    days = value if isinstance(value, list) and 1 <= len(value) <= 5 else [0]
    return all(_count(day) and 7 <= day <= LONGEST_HORIZON for day in days) and len(set(days)) == len(days)


# Whether a value of shop.json can be, and what it should be.
SHOP_VALUES = {
    "gross_margin": (
        lambda value: value is None or _number(value) and 0 <= value <= 1,
        "a number from 0 to 1, such as 0.4",
    ),
    "discount_rate": (lambda value: _number(value) and 0 <= value < 10, "a number from 0, such as 0.1 for 10% a year"),
    "horizons": (_horizons, f"one to five different numbers of days from 7 to {LONGEST_HORIZON}, such as [90, 365]"),
    "tune_minutes": (lambda value: _number(value) and 0 <= value <= 600, "a number of minutes from 0 to 600"),
    "tune_search": (lambda value: value in SEARCHES, f"one of {', '.join(SEARCHES)}"),
    "blend": (lambda value: value in BLENDS, f"one of {', '.join(BLENDS)}"),
    "minimum_days": (_count, "a whole number from 0"),
    "minimum_customers": (_count, "a whole number from 0"),
    "time_zone": (lambda value: isinstance(value, str), 'a text such as "Europe/London"'),
    "unknown_consent": (lambda value: value in CONSENT_POLICIES, f"one of {', '.join(CONSENT_POLICIES)}"),
    "currency": (
        lambda value: value is None or isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None,
        "a code of three letters such as GBP",
    ),
    "retention_days": (
        lambda value: value is None or _count(value) and value >= 1,
        "a whole number of days from 1, such as 365",
    ),
}
