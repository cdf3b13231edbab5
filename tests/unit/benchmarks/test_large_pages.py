"""The page and picture of the large benchmark, from results written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.large import pages

STAGES = {"ingest": (1.0, 10.0), "train": (2.0, 2.0), "report": (0.01, 0.01)}


def result(size: str, at: int, **others: object) -> dict:
    """A result with ten times the lines at `at` 1."""
    costs = [
        {
            "stage": name,
            "rows": 1000 * 10**at if name == "ingest" else None,
            "seconds": values[at],
            "peak": 5e6 * (at + 1),
        }
        for name, values in STAGES.items()
    ]
    shop = {"customers": 1, "orders": 2, "rows": 1000 * 10**at, "files": 36, "next_day_rows": 3}
    others.setdefault("new_share", 0.003)
    machine = {"cores": 2, "memory": 24 * 2**30}
    return {"size": size, "commit": "abcdef012345", "machine": machine, "shop": shop, "first_load": costs, **others}


def test_the_slope_is_the_exponent():
    sizes = np.array([10.0, 100.0, 1000.0])
    assert pages.slope(sizes, 3 * sizes) == pytest.approx(1)
    assert pages.slope(sizes, 7 * sizes**0) == pytest.approx(0)
    assert pages.slope(sizes, sizes**1.5) == pytest.approx(1.5)


def test_a_stage_has_its_cost_at_each_size_and_its_slope():
    table = pages.costs([result("S", 0), result("M", 1)], "first_load").splitlines()
    assert table[0] == "| stage | S: s | S: rows/s | S: MB | M: s | M: rows/s | M: MB | slope |"
    assert table[2] == "| ingest | 1.0 | 1,000 | 5 | 10.0 | 1,000 | 10 | 1.00 |"
    assert table[3] == "| train | 2.0 |  | 5 | 2.0 |  | 10 | 0.00 |"
    assert table[-1] == "| **all** | 3.0 |  | 5 | 12.0 |  | 10 | 0.60 |"  # log10(12.01 / 3.01)


def test_one_size_has_no_slope_and_a_stage_of_one_size_no_cost_at_the_other():
    assert pages.costs([result("S", 0)], "first_load").splitlines()[2].endswith("| 5 | – |")
    other = result("M", 1)
    del other["first_load"][1]
    assert "| train | 2.0 |  | 5 | – | – | – | – |" in pages.costs([result("S", 0), other], "first_load")


def test_the_picture_groups_small_stages_and_its_lines_add_up():
    lines = pages.lines([result("S", 0), result("M", 1)], "first_load")
    assert list(lines) == ["all", "ingest", "train", "other stages"]
    for at in (0, 1):
        assert lines["all"][at] == pytest.approx(sum(values[at] for name, values in lines.items() if name != "all"))


def test_the_page_shows_floors_peers_accuracy_and_failures(tmp_path: Path):
    found = {"normalized_gini": 0.81234, "rmse": 12.5, "signed_bias": -0.031}
    results = [
        result("S", 0, accuracy=found, floors=[{"floor": "COPY", "rows": 100, "seconds": 0.5, "peak": 1e6}]),
        result(
            "M", 1, error="the stage train failed",
            peers=[
                {"peer": "pandas", "seconds": 3.0, "peak": 2e6, "accuracy": found},
                {"peer": "spark", "seconds": 1.0, "peak": 2e6, "error": "no memory"},
            ],
        ),
    ]  # fmt: skip
    for one in results:
        (tmp_path / f"{one['size']}.json").write_text(json.dumps(one))
    text = pages.page(pages.read(tmp_path), "picture.svg")
    assert "![cost against size](picture.svg)" in text
    assert "| COPY | 0.5 | 200 | 1 | – |" in text
    assert "| pandas | 3.0 |  | 2 | – |" in text
    assert "| S | perennial | 0.8123 | 12.50 | -3.1 % |" in text
    assert "| M | pandas | 0.8123 | 12.50 | -3.1 % |" in text
    assert "| spark |" not in text
    assert "- M: the stage train failed\n- M, peer spark: no memory" in text


def test_a_peer_that_failed_at_a_size_has_no_cost_there_and_no_slope():
    peer = {"peer": "spark", "seconds": 3.0, "peak": 2e6}
    results = [result("S", 0, peers=[peer]), result("M", 1, peers=[{**peer, "error": "no memory"}])]
    text = pages.page(results, "picture.svg")
    assert "### Peers\n\n| peer | S: s | S: rows/s | S: MB | slope |" in text
    assert "| spark | 3.0 |  | 2 | – |" in text
    results[1]["peers"].append({**peer, "peer": "pandas"})
    assert "| spark | 3.0 |  | 2 | – | – | – | – |" in pages.page(results, "picture.svg")


def test_the_page_keeps_its_own_text_and_writing_again_changes_nothing(tmp_path: Path):
    text = f"# Title\n\n{pages.START}\nold\n{pages.END}\n\nThe end.\n"
    once = pages.written(text, "new\n")
    assert once == f"# Title\n\n{pages.START}\n\nnew\n\n{pages.END}\n\nThe end.\n"
    assert pages.written(once, "new\n") == once
    with pytest.raises(ValueError, match="lacks the marks"):
        pages.written("# Title\n", "new\n")


def test_equal_results_give_an_equal_picture(tmp_path: Path):
    for name in ("one.svg", "two.svg"):
        pages.draw([result("S", 0), result("M", 1)], tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "ingest (1.00)" in (tmp_path / "one.svg").read_text()


def test_a_page_without_results_says_so_and_a_missing_page_is_made(tmp_path: Path):
    pages.write(tmp_path, tmp_path / "page.md", tmp_path / "images" / "picture.svg")
    assert "No results are kept" in (tmp_path / "page.md").read_text()
    (tmp_path / "S.json").write_text(json.dumps(result("S", 0)))
    pages.write(tmp_path, tmp_path / "page.md", tmp_path / "images" / "picture.svg")
    assert "(images/picture.svg)" in (tmp_path / "page.md").read_text()
    assert (tmp_path / "images" / "picture.svg").exists()


def test_the_kept_page_is_made_of_the_kept_results(tmp_path: Path):
    pages.write(pages.RESULTS, tmp_path / "performance.md", tmp_path / "images" / "performance.svg")
    generated = (tmp_path / "performance.md").read_text()
    assert pages.written(
        pages.PAGE.read_text(), generated.split(pages.START)[1].split(pages.END)[0].strip() + "\n"
    ) == (pages.PAGE.read_text())


def test_days_of_several_sizes_after_one_history_have_their_own_slope():
    days = []
    for share, lines, seconds in ((0.001, 10, 2.0), (0.003, 30, 6.0)):
        one = result("S", 0, new_share=share, next_day=[{"stage": "build_staging", "seconds": seconds, "peak": 1e6}])
        days.append({**one, "shop": {**one["shop"], "next_day_rows": lines}})
    text = pages.page(days, "picture.svg")
    assert "### Next day of S, by the day's lines" in text
    assert "| build_staging | 2.0 |  | 1 | 6.0 |  | 1 | 1.00 |" in text
    usual = pages.of_usual_days(days, "next_day")
    assert [one["new_share"] for one in usual] == [0.003]
    assert pages.of_several_days(days[:1]) == {}
