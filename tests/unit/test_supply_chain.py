"""Installed packages are pinned and hashed, listed in an SBOM, and checked for known vulnerabilities."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from clv.core.settings import PROJECT

TODAY = date(2026, 11, 22)
LOCKS = [PROJECT / "requirements" / name for name in ("runtime.txt", "dev.txt")]
DEEP = PROJECT / "requirements" / "deep.txt"
CONNECTORS = PROJECT / "requirements" / "connectors.txt"


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit", PROJECT / "scripts" / "audit.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    sys.modules["audit"] = module
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def locked(path: Path) -> dict[tuple[str, str], set[str]]:
    """The lock file's packages, as (name, version), and the hashes allowed for each."""
    found, current = {}, None
    for line in path.read_text().splitlines():
        if package := re.match(r"([a-z0-9-]+)==([^ ]+)( ; .*)?( \\)?$", line):
            current = found.setdefault((package[1], package[2]), set())
        elif digest := re.match(r"    --hash=sha256:([0-9a-f]{64})( \\)?$", line):
            assert current is not None
            current.add(digest[1])
        else:
            pytest.fail(f"{path.name} holds more than pins and hashes: {line}")
    return found


@pytest.mark.parametrize(("path", "least"), [(LOCKS[0], 200), (LOCKS[1], 200), (DEEP, 6), (CONNECTORS, 12)])
def test_every_package_is_pinned_and_hashed_and_no_address_is_named(path, least):
    packages = locked(path)
    assert len(packages) > least
    assert all(packages.values())
    assert "://" not in path.read_text()


def test_the_tests_run_with_the_packages_that_a_run_has():
    runtime, dev = map(locked, LOCKS)
    assert runtime.items() <= dev.items()


def test_the_tests_have_what_deep_models_need_and_a_run_keeps_its_versions_beside_it():
    runtime, dev, deep = map(locked, [*LOCKS, DEEP])
    assert deep.items() <= dev.items()
    versions = [{name for name, _ in packages} for packages in (deep, runtime)]
    shared = versions[0] & versions[1]
    assert shared == {"numpy", "scipy"}
    assert {one for one in deep if one[0] in shared} <= runtime.keys()


def test_the_tests_have_what_connectors_need_and_a_run_keeps_its_versions_beside_it():
    runtime, dev, connectors = map(locked, [*LOCKS, CONNECTORS])
    assert connectors.items() <= dev.items()
    of_a_run = dict(runtime)
    assert {one for one in connectors if one[0] in of_a_run} <= runtime.keys()


def test_every_install_asks_for_the_hashes():
    lines = (PROJECT / "scripts" / "bootstrap.sh").read_text() + (PROJECT / "docker" / "Dockerfile").read_text()
    installs = [line for line in lines.splitlines() if re.search(r"\bpip install\b", line)]
    assert len(installs) == 6
    assert [line.split()[-1] for line in installs if "--require-hashes" not in line] == ["."]  # our own code


def test_the_sbom_names_every_package_of_a_run_with_its_hashes(tmp_path):
    out = tmp_path / "sbom.json"
    made = ["make", "--silent", "--old-file=bootstrap-dev", "sbom", f"SBOM={out}"]
    subprocess.run(made, cwd=PROJECT, check=True, capture_output=True)
    bill = json.loads(out.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "perennial"
    listed = {
        (part["name"], part["version"]): {
            digest["content"] for place in part["externalReferences"] for digest in place["hashes"]
        }
        for part in bill["components"]
    }
    assert listed == locked(LOCKS[0])


VULNERABILITY = {"id": "PYSEC-2021-66", "aliases": ["CVE-2020-28493"], "fix_versions": ["2.11.3"], "description": "…"}
FOUND = {"name": "jinja2", "version": "2.11.2", "vulns": [VULNERABILITY]}
SOUND = {"name": "rich", "version": "15.0.0", "vulns": []}
SKIPPED = {"name": "uv", "skip_reason": "Dependency not found on PyPI and could not be audited: uv (0.13.9)"}
EXCEPTION = {"id": "CVE-2020-28493", "package": "jinja2", "reason": "no template of ours", "until": TODAY}


@pytest.mark.parametrize(
    ("packages", "exceptions", "code", "says"),
    [
        ([SOUND], [], 0, ""),
        ([SOUND, FOUND], [], 1, "jinja2 2.11.2: PYSEC-2021-66, fixed in 2.11.3"),
        ([FOUND], [EXCEPTION], 0, "exception until 2026-11-22: no template of ours"),
        ([FOUND], [{**EXCEPTION, "until": TODAY - timedelta(days=1)}], 1, "its exception ended on 2026-11-21"),
        ([FOUND], [{**EXCEPTION, "package": "rich"}], 1, "jinja2 2.11.2"),
        ([FOUND], [{**EXCEPTION, "id": "CVE-2020-1"}], 1, "jinja2 2.11.2"),
        (
            [{**FOUND, "vulns": [{**VULNERABILITY, "aliases": [], "fix_versions": []}]}],
            [EXCEPTION],
            1,
            "not fixed yet",
        ),
        ([SOUND], [EXCEPTION], 0, "is no longer found; remove the exception"),
        ([SKIPPED], [], 3, "uv"),
        ([SOUND, SKIPPED], [EXCEPTION], 3, "uv"),
        ([FOUND, SKIPPED], [], 1, "jinja2 2.11.2"),
        ([], [], 3, ""),
    ],
)
def test_a_vulnerability_fails_without_an_exception_and_no_data_is_no_success(audit, packages, exceptions, code, says):
    verdict = audit.judge({"dependencies": packages}, exceptions, TODAY)
    assert verdict.code == code
    assert says in "\n".join([*verdict.vulnerabilities, *verdict.remarks, *verdict.unknown])


@pytest.mark.parametrize("missing", ["id", "package", "reason", "until"])
def test_an_exception_without_reason_or_day_is_reported_in_one_line(audit, tmp_path, missing):
    entry = {"id": '"CVE-1"', "package": '"jinja2"', "reason": '"none"', "until": "2027-01-31"}
    path = tmp_path / "exceptions.toml"
    path.write_text("[[exception]]\n" + "\n".join(f"{k} = {v}" for k, v in entry.items()))
    assert audit.read_exceptions(path)[0]["until"] == date(2027, 1, 31)
    path.write_text("[[exception]]\n" + "\n".join(f"{k} = {v}" for k, v in entry.items() if k != missing))
    with pytest.raises(ValueError, match=f"exceptions.toml: exception 1 needs {missing}"):
        audit.read_exceptions(path)


def test_the_list_of_exceptions_that_is_in_force_can_be_read(audit):
    assert all(len(entry["reason"]) > 10 for entry in audit.read_exceptions())


@pytest.mark.parametrize(
    ("finding", "code", "shown"),
    [
        (f"echo '{json.dumps({'dependencies': [FOUND]})}'; exit 1", 1, "error: jinja2 2.11.2"),
        (f"echo '{json.dumps({'dependencies': [SKIPPED]})}'", 3, "1 of 1 packages were not judged"),
        ("echo 'Could not connect to the vulnerability feed' >&2; exit 1", 3, "no package was judged: Could not"),
        (f"echo '{json.dumps({'dependencies': [SOUND]})}'", 0, "1 packages judged, 0 known"),
    ],
)
def test_the_exit_code_tells_vulnerabilities_from_no_data(audit, tmp_path, monkeypatch, capsys, finding, code, shown):
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\n{finding}\n")
    program.chmod(0o700)
    monkeypatch.setattr(audit.sys, "executable", str(tmp_path / "python"))
    assert audit.main() == code
    output = capsys.readouterr()
    assert shown in output.out + output.err


def test_continuous_integration_fails_on_vulnerabilities_alone():
    line = next(line for line in (PROJECT / ".ci" / "run").read_text().splitlines() if "audit.py" in line)
    for code, passes in ((0, True), (1, False), (2, False), (3, True)):
        output = subprocess.run(["bash", "-ec", line.replace(".venv/bin/python scripts/audit.py", f"(exit {code})")])
        assert (output.returncode == 0) == passes, code


def test_the_promises_state_how_many_packages_are_locked():
    run, tests = (len(re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==", path.read_text(), re.MULTILINE)) for path in LOCKS)
    assert (
        f"({run} for a run, {tests} with the tests' tools, deep models and connectors;"
        in (PROJECT / "docs" / "promises.md").read_text()
    )
