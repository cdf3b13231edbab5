"""One form of addresses, telephone numbers and names."""

from __future__ import annotations

import pytest

from clv.sources.identities import normal


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("  Anna@Shop.Example ", "anna@shop.example"),
        ("mailto:anna@shop.example", "anna@shop.example"),
        ("an\u200bna@shop.example", "anna@shop.example"),
        ("a.n.na+orders@gmail.com", "anna@gmail.com"),
        ("anna@googlemail.com", "anna@gmail.com"),
        ("anna.m+x@outlook.com", "anna.m@outlook.com"),  # points mean something there
        ("anna+x@shop.example", "anna+x@shop.example"),  # a provider of which nothing is known
        ("a.nna@shop.example", "a.nna@shop.example"),
        ("+@gmail.com", None),
        ("anna", None),
        ("anna@localhost", None),
        ("anna m@shop.example", None),
        ("", None),
    ],
)
def test_an_email_address(written: str, address: str | None):
    assert normal.email(written) == address


@pytest.mark.parametrize(
    ("written", "code", "number"),
    [
        ("+44 20 7946 0958", None, "442079460958"),
        ("0044 (0)20 7946-0958", None, "442079460958"),
        ("+44 (0) 20 7946 0958", None, "442079460958"),
        ("020 7946 0958", "44", "442079460958"),
        ("(020) 7946.0958", "44", "442079460958"),
        ("0049 30/901820", "44", "4930901820"),
        ("030 901820 ext. 12", "49", "4930901820"),
        ("020 7946 0958", None, None),  # of any country
        ("12", "44", None),
        ("+1 555 FLOWERS", None, None),
        ("", "44", None),
    ],
)
def test_a_telephone_number(written: str, code: str | None, number: str | None):
    assert normal.phone(written, code) == number


@pytest.mark.parametrize(
    ("written", "given", "whole"),
    [
        ("Anna Müller", "anna", "anna muller"),
        ("MÜLLER, Anna", "anna", "anna muller"),
        ("Müller Anna", "muller", "anna muller"),  # which part is which is not known, but all parts agree
        ("Frau Dr. Anna Müller", "anna", "anna muller"),
        ("A. Müller", None, "a muller"),
        ("Anna", None, None),
        (None, None, None),
    ],
)
def test_a_name(written: str | None, given: str | None, whole: str | None):
    assert normal.name(written) == (given, whole)


def test_a_device_is_an_id():
    assert (normal.device(" d-1 "), normal.device(" ")) == ("d-1", None)
