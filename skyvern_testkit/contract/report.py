"""What a run of the cases has found."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from skyvern_testkit.contract.targets import Target

__all__ = ["DISPROVED", "NOT_RUN", "PROVEN", "Ledger", "summary"]

PROVEN: Final = "proven"
DISPROVED: Final = "disproved"
NOT_RUN: Final = "not run"


class Ledger:
    """The verdict on each case by each driver; of a case in several parts, the worst."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[str, str]] = {}

    def ran(self, case: str, driver: str, *, passed: bool) -> None:
        """A part of the case was run."""
        before = self._rows.get((case, driver), {}).get("verdict")
        good = passed and before != DISPROVED
        self._rows[case, driver] = {"verdict": PROVEN if good else DISPROVED}

    def not_run(self, case: str, driver: str, reason: str) -> None:
        """It was not, and why."""
        self._rows.setdefault((case, driver), {"verdict": NOT_RUN, "reason": reason})

    def report(self, target: Target) -> dict[str, Any]:
        """All of it, to be written as JSON: case -> driver -> server, date, verdict."""
        was_run = any(row["verdict"] != NOT_RUN for row in self._rows.values())
        today = datetime.now(UTC).date().isoformat()  # a case may live in another time
        seen = {"server": target.version, "date": today} if was_run else {}
        cases: dict[str, dict[str, dict[str, str]]] = {}
        for (case, driver), row in sorted(self._rows.items()):
            by_driver = cases.setdefault(case, {})
            by_driver[driver] = row if row["verdict"] == NOT_RUN else {**row, **seen}
        return {"written_by": "skyvern-testkit verify --report; never by hand", "cases": cases}


def summary(report: dict[str, Any]) -> str:
    """A report for people: by family what is proven, what is not, and why something was not run."""
    counts: dict[str, Counter[str]] = {}
    disproved: list[str] = []
    reasons: Counter[str] = Counter()
    for case, drivers in report["cases"].items():
        family = counts.setdefault(case.partition(".")[0], Counter())
        for driver, row in drivers.items():
            family[row["verdict"]] += 1
            if row["verdict"] == DISPROVED:
                disproved.append(f"  {case} ({driver})")
            if row["verdict"] == NOT_RUN:
                reasons[row["reason"]] += 1
    width = max(map(len, ["family", *counts]))
    lines = [f"{'family':<{width}}  {PROVEN:>9}  {DISPROVED:>9}  {NOT_RUN:>9}"]
    lines += [
        f"{family:<{width}}  {found[PROVEN]:>9}  {found[DISPROVED]:>9}  {found[NOT_RUN]:>9}"
        for family, found in counts.items()
    ]
    if disproved:
        lines += ["", "disproved:", *disproved]
    if reasons:
        lines += ["", "not run:", *(f"  {n} x {reason}" for reason, n in reasons.most_common())]
    return "\n".join(lines)
