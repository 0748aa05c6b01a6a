"""``make audit``: known faults of the packages that the locks name.

Asks a list of known faults (OSV, which holds the Python Packaging Advisory Database, CC-BY-4.0)
through pip-audit, and keeps the answer in ``audit.json`` beside this file. Where the list cannot be
reached, the kept answer is told, with its age and with what was pinned since. Exit status 1: a
fault that nobody has accepted, or a package of which nothing is known.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE / "audit.json"
OSV = "https://api.osv.dev/v1/query"
ACCEPTED = {
    "pillow 10.3.0": "fastdup asks for this one; it is only handed pictures that were decoded "
    "before as JPEG, PNG, BMP, WebP or TIFF (docs/security.md)",
}
"""Package to the reason why its faults are not ours."""
FRESH_DAYS = 7
"""Within which an answer is told without its age."""
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.M)
Faults = Mapping[str, list[str]]
"""'name version' to the ids of its known faults, for every package that was asked for."""


def pinned(lock: Path) -> set[str]:
    """'name version' of every package of a lock."""
    found = PIN.findall(lock.read_text(encoding="utf-8"))
    return {f"{re.sub('[-_.]+', '-', name).lower()} {version}" for name, version in found}


def told(pins: set[str], faults: Faults) -> tuple[list[str], int]:
    """Lines about what is pinned, and the exit status."""
    lines, status = [], 0
    for pin in sorted(pins):
        ids = ", ".join(faults.get(pin, []))
        if pin not in faults:
            lines.append(f"{pin}: not asked for yet; run this where a network is")
            status = 1
        elif ids and pin in ACCEPTED:
            lines.append(f"{pin}: {ids}; accepted: {ACCEPTED[pin]}")
        elif ids:
            lines.append(f"{pin}: {ids}; take a release without it (make lock)")
            status = 1
    return lines, status


def told_age(as_of: str, today: date) -> str:
    """Of which day the answer is, and what an old one leaves open."""
    days = (today - date.fromisoformat(as_of)).days
    old = "" if days < FRESH_DAYS else f" ({days} days old: what became known since is not in it)"
    return f"known faults as of {as_of}{old}"


def asked(lock: Path, url: str) -> dict[str, list[str]] | None:
    """Faults of a lock by the list at `url`; None where it cannot be reached."""
    tool = Path(sys.executable).with_name("pip-audit")
    words = [str(tool), "--disable-pip", "--strict", "-s", "osv", "--osv-url", url]
    done = subprocess.run(
        [*words, "--progress-spinner", "off", "-f", "json", "-r", str(lock)],
        capture_output=True,
        text=True,
    )
    try:
        answer = json.loads(done.stdout)["dependencies"]
        return {f"{d['name']} {d['version']}": [v["id"] for v in d["vulns"]] for d in answer}
    except (ValueError, LookupError):  # it printed why instead, or skipped a package
        return None


def main() -> int:
    """Ask, keep, tell."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument("--osv-url", default=OSV, help="another place of the same list")
    parser.add_argument("--as-of", help="date of that list, where it is a copy: 2026-11-29")
    given = parser.parse_args()
    locks = sorted(HERE.glob("*.lock"))
    answers = [asked(lock, given.osv_url) for lock in locks]
    reached = [answer for answer in answers if answer is not None]
    if len(reached) == len(locks):
        faults = {pin: ids for answer in reached for pin, ids in answer.items()}
        date = given.as_of or f"{datetime.now(UTC):%Y-%m-%d}"
        kept = {"as_of": date, "faults": dict(sorted(faults.items()))}
        KEPT.write_text(json.dumps(kept, indent=0) + "\n", encoding="utf-8")
    else:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
        print("The list of known faults cannot be reached: this is its last answer.")
    pins = {pin for lock in locks for pin in pinned(lock)}
    lines, status = told(pins, kept["faults"])
    age = told_age(kept["as_of"], datetime.now(UTC).date())
    print("\n".join([*lines, f"{len(pins)} packages, {age}."]))
    return status


if __name__ == "__main__":
    sys.exit(main())
