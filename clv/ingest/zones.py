"""Time zones as exports name them: by place, by offset, by abbreviation, by what Rails and Windows call them."""

from __future__ import annotations

import re
from dataclasses import replace

import duckdb

from clv.ingest.mapping import Mapping
from clv.sql_text import quoted

OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+\-\u2212])(\d{1,2})(?::?([0-5]\d))?")
LED_BY_OFFSET = re.compile(r"\((?:UTC|GMT)(?:[+\-]\d\d:\d\d)?\)\s*")  # (GMT-08:00) Pacific Time (US & Canada)
# Minutes from UTC. Abbreviations that mean different offsets in different countries (IST) are left to the mapping,
# but for those of North America and Europe, where the programs come from that write them.
ABBREVIATIONS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MEZ": 60, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "NST": -210, "NDT": -150, "AST": -240, "ADT": -180, "EST": -300, "EDT": -240,
    "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480,
    "HST": -600, "JST": 540, "KST": 540, "SGT": 480, "HKT": 480, "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600,
    "AEDT": 660, "NZST": 720, "NZDT": 780, "SAST": 120, "BRT": -180, "ART": -180,
}  # fmt: skip
# ActiveSupport::TimeZone's names (Shopify, Square) where they are no city of IANA's, and Windows' (CLDR).
NAMES = {
    "International Date Line West": "Etc/GMT+12", "American Samoa": "Pacific/Pago_Pago", "Hawaii": "Pacific/Honolulu",
    "Midway Island": "Pacific/Midway", "Alaska": "America/Juneau", "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Arizona": "America/Phoenix", "Mountain Time (US & Canada)": "America/Denver", "Saskatchewan": "America/Regina",
    "Central America": "America/Guatemala", "Central Time (US & Canada)": "America/Chicago",
    "Guadalajara": "America/Mexico_City", "Monterrey": "America/Monterrey", "Mazatlan": "America/Mazatlan",
    "Chihuahua": "America/Chihuahua", "Eastern Time (US & Canada)": "America/New_York", "Quito": "America/Lima",
    "Indiana (East)": "America/Indiana/Indianapolis", "Atlantic Time (Canada)": "America/Halifax",
    "Georgetown": "America/Guyana", "Newfoundland": "America/St_Johns", "Brasilia": "America/Sao_Paulo",
    "Greenland": "America/Godthab", "Mid-Atlantic": "Atlantic/South_Georgia", "Azores": "Atlantic/Azores",
    "Cape Verde Is.": "Atlantic/Cape_Verde", "Edinburgh": "Europe/London", "Bern": "Europe/Zurich",
    "West Central Africa": "Africa/Algiers", "Kyiv": "Europe/Kiev", "Pretoria": "Africa/Johannesburg",
    "St. Petersburg": "Europe/Moscow", "Abu Dhabi": "Asia/Muscat", "Islamabad": "Asia/Karachi",
    "Ekaterinburg": "Asia/Yekaterinburg", "Chennai": "Asia/Kolkata", "Mumbai": "Asia/Kolkata",
    "New Delhi": "Asia/Kolkata", "Sri Jayawardenepura": "Asia/Colombo", "Astana": "Asia/Almaty",
    "Hanoi": "Asia/Bangkok", "Beijing": "Asia/Shanghai", "Osaka": "Asia/Tokyo", "Sapporo": "Asia/Tokyo",
    "Canberra": "Australia/Sydney", "Solomon Is.": "Pacific/Guadalcanal", "New Caledonia": "Pacific/Noumea",
    "Marshall Is.": "Pacific/Majuro", "Wellington": "Pacific/Auckland", "Nuku'alofa": "Pacific/Tongatapu",
    "Tokelau Is.": "Pacific/Fakaofo", "Chatham Is.": "Pacific/Chatham", "Samoa": "Pacific/Apia",
    "Pacific Standard Time": "America/Los_Angeles", "Mountain Standard Time": "America/Denver",
    "US Mountain Standard Time": "America/Phoenix", "Central Standard Time": "America/Chicago",
    "Eastern Standard Time": "America/New_York", "Atlantic Standard Time": "America/Halifax",
    "GMT Standard Time": "Europe/London", "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris", "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw", "FLE Standard Time": "Europe/Kiev",
    "GTB Standard Time": "Europe/Bucharest", "Russian Standard Time": "Europe/Moscow",
    "Turkey Standard Time": "Europe/Istanbul", "Israel Standard Time": "Asia/Jerusalem",
    "Arabian Standard Time": "Asia/Dubai", "India Standard Time": "Asia/Kolkata",
    "China Standard Time": "Asia/Shanghai", "Singapore Standard Time": "Asia/Singapore",
    "Tokyo Standard Time": "Asia/Tokyo", "Korea Standard Time": "Asia/Seoul",
    "AUS Eastern Standard Time": "Australia/Sydney", "New Zealand Standard Time": "Pacific/Auckland",
    "E. South America Standard Time": "America/Sao_Paulo",
}  # fmt: skip


def met(duck: duckdb.DuckDBPyConnection, mapping: Mapping) -> Mapping:
    """The mapping with a place, or an offset in minutes, for each zone of the file's that is known."""
    if not mapping.zone_column:
        return mapping
    column = quoted(mapping.zone_column)
    texts = duck.execute(f"select distinct {column} from received where {column} is not null order by 1").fetchall()
    places = named_places([place for (place,) in duck.execute("select name from pg_timezone_names()").fetchall()])
    found = {text: mapping.zones.get(text) or resolved(text, places) for (text,) in texts}
    return replace(mapping, zones={text: place for text, place in found.items() if place is not None})


def named_places(places: list[str]) -> dict[str, str]:
    """IANA's places by all that they are called, in small letters."""
    cities = {place.rpartition("/")[2].replace("_", " ").lower(): place for place in places if "/" in place}
    whole = {name: place for place in places for name in (place.lower(), place.replace("_", " ").lower())}
    return cities | whole | {name.lower(): place for name, place in NAMES.items()}


def resolved(text: str, places: dict[str, str]) -> str | None:
    """The place of a zone's name, by `named_places`, or its offset in minutes; None where it is neither."""
    name = LED_BY_OFFSET.sub("", text).strip()
    if name.upper() in ABBREVIATIONS:
        return str(ABBREVIATIONS[name.upper()])
    if offset := OFFSET.fullmatch(name):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return str(minutes if offset[1] == "+" else -minutes) if minutes < 15 * 60 else None
    return places.get(name.lower())
