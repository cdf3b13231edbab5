"""Names of time zones, as IANA and as other programs write them, and a check that a zone exists."""

from __future__ import annotations

from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from clv.core.errors import ClvError

# Names of ActiveSupport::TimeZone (Shopify, Square) that are not IANA cities, and Windows' names (CLDR).
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


def named_places(places: list[str]) -> dict[str, str]:
    """The IANA zone for each of its known names, which are in lower case."""
    cities = {place.rpartition("/")[2].replace("_", " ").lower(): place for place in places if "/" in place}
    whole = {name: place for place in places for name in (place.lower(), place.replace("_", " ").lower())}
    return cities | whole | {name.lower(): place for name, place in NAMES.items()}


def exists(name: str) -> bool:
    """Whether IANA has a zone of exactly this name."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError, TypeError):
        return False
    return True


def near(name: str) -> str:
    """The IANA zone that was probably meant: found by city, by another program's name, or by similar spelling; else
    Europe/London."""
    places = named_places(sorted(available_timezones()))
    spelled_alike = get_close_matches(name.lower(), places, 1)
    return places.get(name.strip().lower()) or (places[spelled_alike[0]] if spelled_alike else "Europe/London")


def checked(name: str | None, place: str) -> str | None:
    """Returns the name if such a time zone exists; else raises ClvError. place: where the setting is, for the error."""
    if name is not None and not exists(name):
        raise ClvError(f"{place}: there is no time zone '{name}'; write it as in {near(str(name))}")
    return name
