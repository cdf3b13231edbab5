"""A service that answers 429 and 500, cuts off and is slow, and an export that is killed in between: every customer
arrives once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import exported
from exported import LIST, Member, approve, declare, ledger, publish
from small_service import Incoming, Reply, serving

COMMAND = [sys.executable, "-c", "from clv.cli import main; main()", "export", LIST, "--to", "crm"]
SOON = {"Retry-After": "0.01"}


class Crm:
    """A service that knows each batch by its key. faults: what happens to each request, one after the other."""

    def __init__(self, faults: list[str]) -> None:
        self.faults, self.client = faults, 0
        self.batches: dict[str, dict] = {}

    def __call__(self, incoming: Incoming) -> Reply:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "kill before":
            os.kill(self.client, signal.SIGKILL)
            return Reply({}, cut=0)
        if fault.isdigit():
            return Reply({}, int(fault), SOON)
        known = self.batches.setdefault(incoming.headers["Idempotency-Key"], incoming.body)
        assert known == incoming.body
        if fault == "kill after":
            os.kill(self.client, signal.SIGKILL)
        if fault == "slow":
            time.sleep(1)
        return Reply({}, cut=0 if fault in ("cut", "kill after") else None)


def test_every_customer_arrives_once_through_faults_and_kills(home):
    exported.make_tables(home)
    publish(home, [Member(f"c{number}") for number in range(10)])
    approve(home)
    crm = Crm(["429", "kill before", "cut", "500", "", "slow", "kill after", "429", "kill after"])
    codes = []
    with serving(crm) as url:
        declare(home, "crm", to="http", url=url, batch=3, timeout=0.5, columns=["customer_id"])
        while not codes or codes[-1]:
            with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
                crm.client = process.pid
                output = process.communicate()[0]
            codes.append(process.returncode)
            assert len(codes) < 9, output
    assert codes == [-signal.SIGKILL] * 3 + [0]
    assert crm.faults == []
    arrived = [one["customer_id"] for batch in crm.batches.values() for one in batch["customers"]]
    assert sorted(arrived) == [f"c{number}" for number in range(10)]
    assert ledger(home) == [(LIST, customer, "sent") for customer in sorted(arrived)]
    sent, repeated, earlier = (
        int(re.findall(pattern, output)[0]) for pattern in (r"(\d+) cust", r"repeated +(\d+)", r"earlier +(\d+)")
    )
    assert (sent + earlier, repeated) == (len(arrived), 3)


def test_two_exports_at_once_send_each_customer_once(home):
    exported.make_tables(home)
    publish(home, [Member(f"c{number}") for number in range(4)])
    approve(home)
    crm = Crm([])
    with serving(crm) as url:
        declare(home, "crm", to="http", url=url, batch=1, columns=["customer_id"])
        both = [subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        outputs = [process.communicate()[0] for process in both]
    assert sorted(one["customer_id"] for batch in crm.batches.values() for one in batch["customers"]) == [
        f"c{number}" for number in range(4)
    ]
    assert sum(int(re.findall(r"(\d+) customer", output)[0]) for output in outputs) == 4
