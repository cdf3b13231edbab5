"""The tables of the arena, from two results written by hand."""

from __future__ import annotations

from benchmarks.arena import tables


def result(rmse: float, auc: float, significant: bool) -> dict:
    """Two metrics against a baseline of RMSE 10 and AUC .7, with coverage .81 and a total that is 12 % too low."""
    ours, theirs = {"rmse": rmse, "auc": auc, "coverage_80": 0.81}, {"rmse": 10.0, "auc": 0.7}
    return {
        "models": {"perennial": {"mean": ours}, "time_decay": {"mean": theirs}, "trailing": {"mean": {"rmse": 12.0}}},
        "against_best_baseline": {
            "rmse": against(rmse - 10.0, rmse < 10, significant),
            "auc": against(auc - 0.7, auc > 0.7, significant),
        },
        "level": {"2024-01-01": {"signed_bias": {"perennial": -0.12}}},
    }


def against(difference: float, better: bool, significant: bool) -> dict:
    ends = {"low": difference - 0.5, "high": difference + 0.5}
    return {"baseline": "time_decay", "difference": difference, "better": better, "significant": significant, **ends}


RESULTS = {"A 180": result(11.0, 0.7, False), "once 90": result(12.0, 0.6, True), "A 90": result(9.0, 0.75, True)}


def test_the_overview_counts_the_cells_of_each_shop_and_of_all():
    head, _, long, once, short, every, of_mean = tables.overview(RESULTS).splitlines()
    assert head.startswith("| shop, days | cells | at least equal | significantly better | significantly worse |")
    assert long == "| A, 180 | 2 | 1 | 0 | 0 | 0.8100 | −0.12 |"
    assert once == "| one-time buyers, 90 | 2 | 0 | 0 | 2 | 0.8100 | −0.12 |"
    assert short == "| A, 90 | 2 | 2 | 2 | 0 | 0.8100 | −0.12 |"
    assert every == "| **all** | **6** | **3** | **2** | **2** |  |  |"
    assert of_mean == "| **all, without WAPE and MAE** | **6** | **3** | **2** | **2** |  |  |"


def test_the_table_of_a_shop_has_its_horizons_side_by_side_and_marks_cells():
    first, second = tables.by_shop(RESULTS).split("\n\n")
    assert first.splitlines()[0] == (
        "| A | 90 days | best of the others | difference | 180 days | best of the others | difference |"
    )
    rmse = "| RMSE | **9.0000** | 10.00 time decay | −1.0000 (−1.5000 to −0.5000) |"
    assert f"{rmse} *11.00* | 10.00 time decay | +1.0000 (+0.5000 to +1.5000) |" in first.splitlines()
    assert "| WAPE | – | – | – | – | – | – |" in first.splitlines()
    assert "| RMSE | *12.00* † | 10.00 time decay | +2.0000 (+1.5000 to +2.5000) |" in second.splitlines()
    assert first.splitlines()[-2].endswith("| 0.7000 | 0.7000 time decay | 0.0000 (−0.5000 to +0.5000) |")


def test_the_figures_of_every_contestant():
    found = tables.every_contestant({"once 90": RESULTS["once 90"]}).splitlines()
    assert found[0].startswith("| one-time buyers, 90 | WAPE | MAE | RMSE | \\|bias\\| |")
    assert len(found) == 5
    assert found[-1].startswith("| trailing | – | – | 12.00 |")
