"""Every case that claims to hold of the real server stands in the evidence, and nothing else does."""

import importlib.util
from collections.abc import Iterator
from datetime import date

import pytest

from skyvern_testkit.contract.cases import DRIVERS, MARK, Case
from skyvern_testkit.contractfiles import contracts_folder, read_contract

RELEASE = "skyvern 1.0.56"


def cases() -> Iterator[Case]:
    for path in sorted((contracts_folder() / "cases").glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"evidence_of_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for value in vars(module).values():
            for mark in getattr(value, "pytestmark", ()):
                if isinstance(mark, pytest.Mark) and mark.name == MARK:
                    yield mark.args[0]


def due(case: Case, driver: str) -> str:
    is_run = case.ours_only is None and (driver == "raw" or case.raw_only is None)
    return "proven" if is_run else "not run"


def test_evidence_is_of_these_cases() -> None:
    found = read_contract("evidence.json")["cases"]
    verdicts = {
        name: {driver: row["verdict"] for driver, row in drivers.items()}
        for name, drivers in found.items()
    }
    wanted = {case.name: {driver: due(case, driver) for driver in DRIVERS} for case in cases()}
    assert verdicts == wanted, "run `make contract-real`: it writes contracts/evidence.json"


def test_evidence_is_of_the_release_that_the_fake_speaks() -> None:
    for drivers in read_contract("evidence.json")["cases"].values():
        for row in drivers.values():
            if row["verdict"] != "not run":
                assert row["server"] == RELEASE
                assert date.fromisoformat(row["date"]) > date(2026, 1, 1)
