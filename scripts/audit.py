"""Known holes in the locked packages: python scripts/audit.py

Asks pip-audit, which knows no severities: so any known hole fails, unless requirements/audit-exceptions.toml excuses
it with a reason and until a day. Exit code 0: no others; 1: one that is not excused, or a list that cannot be read;
3: nothing can be said, since the data on holes could not be had, as behind a mirror that has packages alone.
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
CLEAN, HOLES, UNKNOWN = 0, 1, 3


@dataclass
class Verdict:
    """What is to be said of the packages: holes fail, unknown ones make it no success, remarks are for information."""

    judged: int = 0
    holes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        if self.holes:
            return HOLES
        return UNKNOWN if self.unknown or not self.judged else CLEAN


def read_exceptions(path: Path = EXCEPTIONS) -> list[dict]:
    """The list of excused holes. Raises ValueError, in one line, for an entry without reason or day."""
    try:
        entries = tomllib.loads(path.read_text()).get("exception", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} cannot be read ({error})") from None
    for number, entry in enumerate(entries, 1):
        for name, kind in (("id", str), ("package", str), ("reason", str), ("until", date)):
            if type(entry.get(name)) is not kind or not str(entry[name]).strip():  # a time is a date, too
                raise ValueError(f"{path}: exception {number} needs {name}; see the example at its top")
    return entries


def judge(report: dict, exceptions: list[dict], today: date) -> Verdict:
    """Weighs pip-audit's report (--format json) against the exceptions that hold today."""
    verdict = Verdict()
    used = []
    for package in report["dependencies"]:
        if "skip_reason" in package:  # pip-audit itself counts these as sound
            verdict.unknown.append(package["name"])
            continue
        verdict.judged += 1
        for hole in package["vulns"]:
            names = {hole["id"], *hole.get("aliases", [])}
            excuse = next((e for e in exceptions if e["id"] in names and e["package"] == package["name"]), None)
            mended = f"mended in {', '.join(hole['fix_versions'])}" if hole["fix_versions"] else "not mended yet"
            said = f"{package['name']} {package['version']}: {hole['id']}, {mended}"
            if excuse is None:
                verdict.holes.append(said)
                continue
            used.append(excuse)
            if today > excuse["until"]:
                verdict.holes.append(f"{said}; excused until {excuse['until']}, which has passed")
            else:
                verdict.remarks.append(f"{said}; excused until {excuse['until']}: {excuse['reason']}")
    verdict.remarks += [
        f"{entry['package']}: {entry['id']} is excused and no longer found; remove the exception"
        for entry in exceptions
        if entry not in used and not verdict.unknown
    ]
    return verdict


def ask(lock: Path = LOCK) -> dict:
    """pip-audit's report on the locked packages. Raises ConnectionError with its last words when it has none."""
    program = Path(sys.executable).with_name("pip-audit")
    arguments = ["--no-deps", "--disable-pip", "--requirement", str(lock), "--format", "json"]
    try:
        done = subprocess.run([program, *arguments, "--progress-spinner", "off"], capture_output=True, text=True)
    except OSError as error:
        raise ConnectionError(f"{program} cannot be run ({error.strerror})") from None
    try:
        return json.loads(done.stdout)
    except ValueError:
        words = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ConnectionError(words[-1][:300]) from None


def main() -> int:
    """Prints what is known, and gives the exit code."""
    try:
        verdict = judge(ask(), read_exceptions(), datetime.now(UTC).date())
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return HOLES
    except ConnectionError as error:
        print(f"warning: no package was judged: {error}")
        return UNKNOWN
    for remark in verdict.remarks:
        print(f"note: {remark}")
    for hole in verdict.holes:
        print(f"error: {hole}", file=sys.stderr)
    if verdict.unknown:
        of = verdict.judged + len(verdict.unknown)
        print(
            f"warning: {len(verdict.unknown)} of {of} packages were not judged: the index does not tell known holes "
            f"({', '.join(verdict.unknown[:3])}, …); run this where PyPI itself is reached"
        )
    print(f"{verdict.judged} packages judged, {len(verdict.holes)} holes that are not excused")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
