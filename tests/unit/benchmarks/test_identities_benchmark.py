"""The benchmark of joined and proposed ids, on a small shop."""

from __future__ import annotations

from benchmarks import identities


def test_a_small_planted_shop_is_judged():
    rows = identities.shop(persons=200, pairs=4, seed=3)
    assert len(rows) == 200 + 12 * 4 * 2
    assert rows == identities.shop(persons=200, pairs=4, seed=3)
    table, scores = identities.judged(rows)
    joined = {name: joined for name, pairs, joined, _ in table if pairs == 4}
    certain = ("letter case", "points at Gmail", "guest, then account", "format of telephone", "married name", "moved")
    assert {name: joined[name] for name in (*certain, "swapped names")} == dict.fromkeys((*certain, "swapped names"), 4)
    assert {name: joined[name] for name in (*identities.TWO_PERSONS, "nickname", "typing error")} == {
        "family's address": 0, "shared device": 0, "nickname": 0, "typing error": 0,
    }  # fmt: skip
    proposed = {name: proposed for name, *_, proposed in table}
    assert proposed["nickname"] >= 4
    assert proposed["family's address"] == 0
    assert scores["precision of rules"] == 1


def test_precision_and_recall_of_two_pairs_by_hand():
    pairs = [row for row in identities.shop(persons=0, pairs=1, seed=1) if row.planted in ("letter case", "nickname")]
    table, scores = identities.judged(pairs)
    assert {name: counts for name, *counts in table if counts[0]} == {
        "letter case": [1, 1, 0], "nickname": [1, 0, 1],
    }  # fmt: skip
    assert scores == {
        "precision of rules": 1, "recall of rules": 0.5, "precision of proposals": 1, "recall of proposals": 1,
        "recall of both": 1,
    }  # fmt: skip
