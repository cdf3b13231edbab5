"""Hours of random faults (make soak MINUTES=60): runs whose steps are killed or disconnected anywhere, each compared
with an undisturbed one; before that, twelve runs at once. Not part of the tests. Prints results as they are found, and
a summary at the end."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest
from faults import shop as faults
from faults.shop import AS_OF, Reader, Shop, names_of_steps
from test_faults import cluster, cut_connections, news, paused, server, shop, undisturbed  # noqa: F401 - fixtures

from clv.catalog import tables
from clv.warehouse import db, runs

pytestmark = pytest.mark.set_up

MINUTES = float(os.environ.get("MINUTES", "60"))
SEED = int(os.environ.get("SEED", "0"))
DATES = int(os.environ.get("DATES", "10"))  # of the backfill
APART = int(os.environ.get("APART", "4"))  # days between its dates
AT_WORK = 3  # steps that run at the same time
TRIES = 3  # attempts per step, as in Airflow


@dataclass
class Going:
    """The progress of a run: its date, the finished steps, their facts, and whether a step is running."""

    run_id: str
    day: date
    steps: list[str] = field(default_factory=names_of_steps)
    facts: dict[str, dict] = field(default_factory=dict)
    held: bool = False


def forget_models(shop: Shop) -> None:  # noqa: F811
    """Removes every version from the registry, so that the next runs must train again."""
    from mlflow import MlflowClient

    client = MlflowClient(shop.home.mlflow_url, shop.home.mlflow_url)
    for model in client.search_registered_models():
        for version in client.search_model_versions(f"name='{model.name}'"):
            client.delete_model_version(model.name, version.version)


def interleave(shop: Shop, going: list[Going], rng: random.Random, folder: Path) -> Counter:  # noqa: F811
    """Runs the next step of any run, AT_WORK at the same time, until all runs have ended; returns counts of what
    happened.

    New orders arrive meanwhile.
    """
    turn, counts = threading.Lock(), Counter()
    order: list[str] = []

    def work(number: int) -> None:
        with faults.victim(shop.home, folder / f"{number}.log") as victim:
            while any(run.steps for run in going):
                with turn:
                    free = [run for run in going if run.steps and not run.held]
                    run = rng.choice(free) if free else None
                    if run:
                        run.held = True
                        order.append(run.run_id)
                        if rng.random() < 0.1:
                            news(shop, f"meanwhile-{len(order):04}.csv")
                if run is None:
                    time.sleep(0.1)
                    continue
                step = run.steps[0]
                for attempt in range(TRIES):
                    found = victim.take(step, run.run_id, run.day, options=victim.options(step, run.facts))
                    if "facts" in found:
                        break
                    counts["steps tried again"] += 1
                    print(f"\n{run.run_id} {step}, try {attempt + 1}: {found}", end="", flush=True)
                else:
                    going.clear()  # stops the other threads too
                    pytest.fail(f"{run.run_id} {step}: {found}")
                run.facts[step] = found["facts"]
                run.steps.pop(0)
                run.held = False

    with ThreadPoolExecutor(AT_WORK) as pool:
        for worker in [pool.submit(work, number) for number in range(AT_WORK)]:
            worker.result()
    counts["runs"], counts["steps"] = len(going), len(order)
    counts["changes from run to run"] = sum(a != b for a, b in zip(order, order[1:], strict=False))
    return counts


def test_ten_dates_a_daily_and_a_manual_run_at_once_end_as_one_after_the_other(
    shop: Shop,  # noqa: F811
    undisturbed: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    rng = random.Random(SEED)  # noqa: S311 - chance, no secret
    backfill = [AS_OF - timedelta(days=APART * number) for number in range(1, DATES + 1)]
    expected = {AS_OF: undisturbed}
    for day in backfill:
        run_id = runs.open_run(day, "alone")
        shop.run(run_id, day)
        expected[day] = faults.digest(run_id)
        print(f"\n{run_id} alone", end="", flush=True)
    forget_models(shop)
    # A backfill, a daily run, and a manual run of a date of the backfill.
    days = [*backfill, AS_OF, rng.choice(backfill)]
    going = [Going(runs.open_run(day, "at once"), day) for day in days]
    with Reader(shop.home) as reader:
        counts = interleave(shop, going, rng, tmp_path)
    assert {run.run_id: faults.digest(run.run_id) for run in going} == {run.run_id: expected[run.day] for run in going}
    assert reader.seen == []
    assert faults.unaccounted() == []
    assert faults.left_behind() == []
    counts["reads of views"] = reader.reads
    print("\nat once as one after the other: " + ", ".join(f"{n} {what}" for what, n in counts.items()))


def disturb(shop: Shop, step: str, run_id: str, options: dict, rng: random.Random) -> str:  # noqa: F811
    """Injects a random fault into a step; returns its description."""
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
            for step in names_of_steps():
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
        counts["rows compared"] += db.rows(
            f"select sum(value::bigint) from {tables.PUBLICATIONS}, jsonb_each_text(rows_published) where run_id = %s",
            (run_id,),
        )[0][0]
        print(f"\n{run_id}: as undisturbed; so far " + ", ".join(f"{n} {what}" for what, n in counts.items()), end="")
    print("\nnothing lost, doubled or half-published: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
