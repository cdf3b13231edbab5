"""Addresses of existing servers in every spelling, and homes that lost their state."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from clv.core import options, settings
from clv.core.errors import ClvError
from clv.warehouse import roles


def url(monkeypatch: pytest.MonkeyPatch, address: str) -> str:
    monkeypatch.setenv("CLV_WAREHOUSE_URL", address)
    return settings.load().warehouse_url


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("postgresql://me:pw@there:5433/shop", "postgresql://me:pw@there:5433/shop"),
        ("postgres://me:pw@there/shop", "postgresql://me:pw@there:5432/shop"),
        ("postgresql+psycopg2://me:p%40w@there/shop", "postgresql://me:p%40w@there:5432/shop"),
        ("host=there port=5433 user=me password='p w/@' dbname=shop", "postgresql://me:p%20w%2F%40@there:5433/shop"),
        (
            "postgresql://me@there/shop?password=pw&sslrootcert=/etc/ca.pem",
            "postgresql://me:pw@there:5432/shop?sslrootcert=%2Fetc%2Fca.pem",
        ),
        ("user=me dbname=shop host=::1", "postgresql://me@[::1]:5432/shop"),
        ("user=me dbname=shop host=/run/db", "postgresql://me@/shop?host=%2Frun%2Fdb"),
    ],
)
def test_each_spelling_becomes_one(monkeypatch, address, expected):
    assert url(monkeypatch, address) == expected
    assert url(monkeypatch, expected) == expected
    assert conninfo_to_dict(expected).items() >= conninfo_to_dict(address.replace("+psycopg2", "")).items()


def test_a_neighbour_keeps_the_query(monkeypatch):
    monkeypatch.setenv("CLV_WAREHOUSE_URL", "postgresql://me@there/shop?sslrootcert=/etc/ca.pem")
    expected = "postgresql://me@there:5432/shop_airflow?sslrootcert=%2Fetc%2Fca.pem"
    assert settings.load().database_url("airflow") == expected


@pytest.mark.parametrize("address", ["host=there SECRET", "mysql://me:SECRET@there/shop", "host=there password=SECRET"])
def test_an_unreadable_address_is_not_repeated(monkeypatch, address):
    with pytest.raises(ClvError, match="CLV_WAREHOUSE_URL .*; write postgresql://") as caught:
        url(monkeypatch, address)
    assert "SECRET" not in str(caught.value)


def test_a_place_tells_no_secret():
    assert settings.place("postgresql://me:SECRET@there:1/shop?sslmode=require&password=SECRET") == "there:1/shop"
    assert settings.place("host=there user=me password=SECRET dbname=shop") == "there:5432/shop"


def test_a_home_without_its_state_is_still_the_same(tmp_path):
    (tmp_path / "home_id").write_text("one\n")
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(ClvError, match=r"state\.json is not JSON .* remove it"):
        settings.load(tmp_path)
    (tmp_path / "state.json").unlink()
    assert settings.load(tmp_path).state == {"home_id": "one"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "holds no settings"),
        ('{"margin": 1}', "sets margin; known settings are gross_margin"),
        ('{"minimum_days": "many"}', 'minimum_days is a whole number from 0, not "many"'),
        ('{"gross_margin": "40%"}', 'gross_margin is a number from 0 to 1, such as 0.4, not "40%"'),
        ('{"currency": "pounds"}', 'currency is a code .* not "pounds"'),
        ('{"time_zone": "Berlin"}', 'there is no time_zone "Berlin"; write it as in {"time_zone": "Europe/Berlin"}$'),
        ('{"time_zone": "Europe/Berln"}', '.* as in {"time_zone": "Europe/Berlin"}$'),
        ('{"time_zone": "new york"}', '.* as in {"time_zone": "America/New_York"}$'),
        ('{"time_zone": "W. Europe Standard Time"}', '.* as in {"time_zone": "Europe/Berlin"}$'),
        ('{"time_zone": "Europe"}', "there is no time_zone"),
        ('{"time_zone": ""}', "there is no time_zone"),
        ('{"time_zone": 1}', 'time_zone is a text such as "Europe/London", not 1'),
        ('{"discount_rate": true}', "discount_rate is a number .* not true"),
        (
            '{"payment_fee_fixed": Infinity}',
            "payment_fee_fixed is an amount of money .* not Infinity",
        ),
        ('{"shipping_cost": 1e300}', r"shipping_cost is an amount of money from 0 to 1,000,000, not 1e\+300"),
        ('{"tune_minutes": -1}', "tune_minutes is a number of minutes from 0 to 600, not -1"),
        ('{"tune_search": "luck"}', 'tune_search is one of bayes, random, grid, not "luck"'),
        ('{"blend": "mean"}', 'blend is one of weighted, voting, stacking, not "mean"'),
        ('{"horizons": [90, 90]}', r"horizons is one to five different numbers of days .* not \[90, 90\]"),
    ],
)
def test_a_mistake_in_shop_json_is_named(tmp_path, text, words):
    (tmp_path / "shop.json").write_text(text)
    with pytest.raises(ClvError, match=rf"shop\.json:? {words}"):
        settings.load(tmp_path)


def test_what_needs_no_setting_of_the_shop_goes_on_where_shop_json_is_broken(tmp_path, monkeypatch):
    (tmp_path / "shop.json").write_text('{"gross_margin": 0.4,}')
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "publisher_password").write_text("pw")
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    monkeypatch.setenv("CLV_WAREHOUSE_URL", "postgresql://me:pw@there/shop")
    assert roles.url(roles.PUBLISHER) == "postgresql://clv_publisher:pw@there:5432/shop"
    with pytest.raises(ClvError, match=r"shop\.json is not JSON .*; correct it or remove it"):
        settings.load()


def test_shop_json_changes_what_it_says(tmp_path):
    (tmp_path / "shop.json").write_text('{"currency": "GBP", "minimum_days": 30}')
    assert settings.load(tmp_path).shop == options.Shop(currency="GBP", minimum_days=30)


@pytest.mark.parametrize(
    ("horizons", "expected"),
    [([90], [30, 45, 90]), ([60], [30, 60]), ([20], [20]), ([90, 180, 365], [30, 45, 60, 90, 122, 180, 365])],
)
def test_shorter_windows_are_used_if_they_add_information(horizons: list[int], expected: list[int]) -> None:
    assert settings.windows(horizons) == expected
