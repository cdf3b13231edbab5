"""Reports of advertising programs: one row per day and campaign, and rows that are not spend."""

from __future__ import annotations

from made_exports import Report, table


def google_ads() -> Report:
    return Report("google_ads", {"campaigns.csv": table(*_google(), before=_title())}, _SPENT, ["totals_row"] * 3)


def google_ads_excel() -> Report:
    content = table(*_google(), delimiter="\t", before=_title()).decode().encode("utf-16")
    return Report("google_ads_excel", {"campaigns.csv": content}, _SPENT, ["totals_row"] * 3)


def google_ads_german() -> Report:
    columns = ["Tag", "Kampagne", "Währungscode", "Kosten", "Impr.", "Klicks"]
    rows = [
        {"Tag": "2024-05-01", "Kampagne": "Dach Frühling", "Währungscode": "USD", "Kosten": "1.234,56"},
        {"Tag": "2024-05-02", "Kampagne": "Dach Frühling", "Währungscode": "USD", "Kosten": "99,90"},
        {"Tag": "Gesamt: Konto", "Kampagne": "--", "Währungscode": "USD", "Kosten": "1.334,46"},
    ]
    spent = {("2024-05-01", "Dach Frühling"): "1234.56", ("2024-05-02", "Dach Frühling"): "99.90"}
    title = 'Kampagnenbericht\n"1. Mai 2024 - 2. Mai 2024"\n'
    return Report("google_ads_german", {"kampagnen.csv": table(columns, *rows, before=title)}, spent, ["totals_row"])


def google_ads_french() -> Report:
    columns = ["Jour", "Campagne", "Code de la devise", "Coût", "Impr.", "Clics"]
    rows = [
        {"Jour": "2024-05-01", "Campagne": "Printemps", "Code de la devise": "USD", "Coût": "1\u202f020,50"},
        {"Jour": "Total : compte", "Campagne": "--", "Code de la devise": "USD", "Coût": "1\u202f020,50"},
    ]
    content = table(columns, *rows, delimiter=";", before='Rapport sur les campagnes\n"1 mai 2024 - 2 mai 2024"\n')
    spent = {("2024-05-01", "Printemps"): "1020.50"}
    return Report("google_ads_french", {"campagnes.csv": content}, spent, ["totals_row"])


def meta_ads() -> Report:
    columns = ["Reporting starts", "Reporting ends", "Campaign name", "Campaign ID", "Day", "Amount spent (USD)"]
    columns += ["Impressions", "Link clicks", "Clicks (all)"]
    rows = [
        {"Campaign name": "", "Day": "", "Amount spent (USD)": "35.5"},
        {"Campaign name": "Spring", "Day": "2024-05-01", "Amount spent (USD)": "12.25"},
        {"Campaign name": "Spring", "Day": "2024-05-02", "Amount spent (USD)": "23.25"},
    ]
    spent = {("2024-05-01", "Spring"): "12.25", ("2024-05-02", "Spring"): "23.25"}
    return Report("meta_ads", {"campaigns.csv": table(columns, *rows)}, spent, ["summary_row"])


def bing_ads() -> Report:
    columns = ["Gregorian date", "Campaign name", "Campaign ID", "Impressions", "Clicks", "Spend", "Conversions"]
    rows = [
        {"Gregorian date": "2024-05-01", "Campaign name": "Brand", "Spend": "1,012.34"},
        {"Gregorian date": "5/2/2024", "Campaign name": "Brand", "Spend": "3.10"},
        {"Gregorian date": "", "Campaign name": "", "Spend": "1,015.44"},
    ]
    spent = {("2024-05-01", "Brand"): "1012.34", ("2024-05-02", "Brand"): "3.10"}
    content = table(columns, *rows, before="Report Name: Campaigns by day\nReport Time: 5/1/2024-5/2/2024\n\n")
    return Report("bing_ads", {"campaigns.csv": content}, spent, ["totals_row"])


def _google() -> tuple:
    columns = ["Day", "Campaign", "Campaign ID", "Currency code", "Cost", "Impr.", "Clicks", "Conversions"]
    days = [("2024-05-01", "Roofs", "12.34"), ("2024-05-02", "Roofs", "1,020.50"), ("2024-05-01", "Brand", "0.00")]
    totals = [(f"Total: {what}", "--", "1,032.84") for what in ("Account", "Search", "Campaigns")]
    rows = [
        {"Day": day, "Campaign": campaign, "Currency code": "USD", "Cost": cost, "Conversions": "--"}
        for day, campaign, cost in [*days, *totals]
    ]
    return columns, *rows


def _title() -> str:
    return 'Campaign report\n"May 1, 2024 - May 2, 2024"\n'


_SPENT = {
    ("2024-05-01", "Roofs"): "12.34",
    ("2024-05-02", "Roofs"): "1020.50",
    ("2024-05-01", "Brand"): "0.00",
}

ALL = [google_ads(), google_ads_excel(), google_ads_german(), google_ads_french(), meta_ads(), bing_ads()]
