"""Checks the locked packages for known vulnerabilities: python scripts/audit.py

Runs pip-audit, which reports no severities. Fails for any known vulnerability, unless
requirements/audit-exceptions.toml has an exception for it, with a reason and a last day.

Exit codes: 0 if there is no other vulnerability; 1 for one without an exception, or for a list of exceptions that
cannot be read; 3 if the database of vulnerabilities could not be reached, for example behind a mirror that serves
packages only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
LOCK, EXCEPTIONS = REQUIREMENTS / "dev.txt", REQUIREMENTS / "audit-exceptions.toml"
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 3


@dataclass
class Verdict:
    """The result for all packages: vulnerabilities without an exception, packages that pip-audit does not know, and
    remarks."""

    judged: int = 0
    vulnerabilities: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        if self.vulnerabilities:
            return VULNERABLE
        return UNKNOWN if self.unknown or not self.judged else CLEAN


def read_exceptions(path: Path = EXCEPTIONS) -> list[dict]:
    """The list of exceptions. Raises ValueError, in one line, for an entry without reason or day."""
    try:
        entries = tomllib.loads(path.read_text()).get("exception", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} cannot be read ({error})") from None
    for number, entry in enumerate(entries, 1):
        for name, kind in (("id", str), ("package", str), ("reason", str), ("until", date)):
            if type(entry.get(name)) is not kind or not str(entry[name]).strip():  # a datetime is a date too
                raise ValueError(f"{path}: exception {number} needs {name}; see the example at its top")
    return entries


def judge(report: dict, exceptions: list[dict], today: date) -> Verdict:
    """Compares pip-audit's report (--format json) with the exceptions that are valid today."""
    verdict = Verdict()
    used = []
    for package in report["dependencies"]:
        if "skip_reason" in package:  # pip-audit itself counts these packages as safe
            verdict.unknown.append(package["name"])
            continue
        verdict.judged += 1
        for vulnerability in package["vulns"]:
            names = {vulnerability["id"], *vulnerability.get("aliases", [])}
            exception = next((e for e in exceptions if e["id"] in names and e["package"] == package["name"]), None)
            fixed = (
                f"fixed in {', '.join(vulnerability['fix_versions'])}"
                if vulnerability["fix_versions"]
                else "not fixed yet"
            )
            finding = f"{package['name']} {package['version']}: {vulnerability['id']}, {fixed}"
            if exception is None:
                verdict.vulnerabilities.append(finding)
                continue
            used.append(exception)
            if today > exception["until"]:
                verdict.vulnerabilities.append(f"{finding}; its exception ended on {exception['until']}")
            else:
                verdict.remarks.append(f"{finding}; exception until {exception['until']}: {exception['reason']}")
    verdict.remarks += [
        f"{entry['package']}: {entry['id']} is no longer found; remove the exception"
        for entry in exceptions
        if entry not in used and not verdict.unknown
    ]
    return verdict


def ask(lock: Path = LOCK) -> dict:
    """Runs pip-audit on the locked packages and returns its report. Raises ConnectionError, with its last line, when
    there is no report."""
    program = Path(sys.executable).with_name("pip-audit")
    arguments = ["--no-deps", "--disable-pip", "--requirement", str(lock), "--format", "json"]
    try:
        done = subprocess.run([program, *arguments, "--progress-spinner", "off"], capture_output=True, text=True)
    except OSError as error:
        raise ConnectionError(f"{program} cannot be run ({error.strerror})") from None
    try:
        return json.loads(done.stdout)
    except ValueError:
        words = done.stderr.strip().splitlines() or ["it printed nothing"]
        raise ConnectionError(words[-1][:300]) from None


def main() -> int:
    """Prints the result and returns the exit code."""
    try:
        verdict = judge(ask(), read_exceptions(), datetime.now(UTC).date())
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return VULNERABLE
    except ConnectionError as error:
        print(f"warning: no package was judged: {error}")
        return UNKNOWN
    for remark in verdict.remarks:
        print(f"note: {remark}")
    for vulnerability in verdict.vulnerabilities:
        print(f"error: {vulnerability}", file=sys.stderr)
    if verdict.unknown:
        of = verdict.judged + len(verdict.unknown)
        print(
            f"warning: {len(verdict.unknown)} of {of} packages were not judged: the index does not report known "
            f"vulnerabilities ({', '.join(verdict.unknown[:3])}, …); run this where PyPI itself can be reached"
        )
    print(
        f"{verdict.judged} packages judged, {len(verdict.vulnerabilities)} known vulnerabilities without an exception"
    )
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
