"""Hours of random faults (make soak MINUTES=60): runs whose steps are killed or cut off anywhere, each compared with an
undisturbed one. Not part of the tests: what it found is printed as it goes, and in sum at the end."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

from faults import shop as faults
from faults.shop import AS_OF, Reader, Shop
from test_faults import cluster, cut_connections, news, paused, server, shop, undisturbed  # noqa: F401 - fixtures

from clv import runs, tables, warehouse
from clv.pipeline import STEPS

MINUTES = float(os.environ.get("MINUTES", "60"))
SEED = int(os.environ.get("SEED", "0"))


def disturb(shop: Shop, step: str, run_id: str, options: dict, rng: random.Random) -> str:  # noqa: F811
    """Lets something happen to a step: what it was."""
    commits = shop.commits[step]
    if commits and rng.random() < 0.25:
        resume = paused(shop, step, run_id, options=options)
        cut_connections()
        resume.unlink()
        shop.answer()
        return "connections cut"
    fault = {"at": rng.randint(1, max(commits, 1)), "when": rng.choice(["before", "after"]), "what": "kill"}
    found = shop.take(step, run_id, options=options, fault=fault)
    assert "error" not in found, f"{step}, {fault}: {found}"
    return "kills" if found.get("killed") else "left alone"


def test_random_faults_change_nothing(shop: Shop, undisturbed: str) -> None:  # noqa: F811
    rng, counts = random.Random(SEED), Counter()  # noqa: S311 - chance, no secret
    ends = time.monotonic() + 60 * MINUTES
    while time.monotonic() < ends:
        counts["runs"] += 1
        if rng.random() < 0.3:
            news(shop, f"soak-{counts['runs']:04}-{'x' * rng.randint(0, 30)}.csv")
        run_id = runs.open_run(AS_OF, "soak")
        facts: dict[str, dict] = {}
        with Reader(shop.home) as reader:
            for step in STEPS:
                options = shop.options(step, facts)
                while rng.random() < 0.5 and step != "publish":
                    counts[disturb(shop, step, run_id, options, rng)] += 1
                found = shop.take(step, run_id, options=options)
                assert "facts" in found, f"{step}: {found}"
                facts[step] = found["facts"]
        assert faults.digest(run_id) == undisturbed, f"{run_id} ended in other rows; {dict(counts)}"
        assert reader.seen == []
        assert faults.unaccounted() == []
        assert faults.left_behind() == []
        counts["reads of views"] += reader.reads
        counts["rows compared"] += warehouse.rows(
            f"select sum(value::bigint) from {tables.PUBLICATIONS}, jsonb_each_text(rows_published) where run_id = %s",
            (run_id,),
        )[0][0]
        print(f"\n{run_id}: as undisturbed; so far " + ", ".join(f"{n} {what}" for what, n in counts.items()), end="")
    print("\nnothing lost, doubled or half-published: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
