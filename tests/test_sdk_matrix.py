"""The matrix of the SDK's releases: what was recorded, the page of it, and how outcomes are judged."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.api.difference import NEWEST, RELEASES
from tools.sdk_matrix.calls import CALLS, FORMER_NAMES
from tools.sdk_matrix.known import KNOWN, known_of
from tools.sdk_matrix.page import PAGE, page
from tools.sdk_matrix.releases import ranges, within
from tools.sdk_matrix.results import Row, fold, judge, read

ROWS = read()


def releases_of(row: Row) -> list[str]:
    return [release for part in row.releases.split(", ") for release in within(part)]


def said(release: str, method: str, outcome: str, **more: str) -> dict[str, Any]:
    line = {"client": "sync", "what": "call", "due": "passed", "detail": "", "dialect": release}
    return {**line, "method": method, "outcome": outcome, **more}


# --- what was recorded ------------------------------------------------------------------------


def test_the_page_is_made_of_what_was_recorded():
    assert PAGE.read_text("utf-8") == page(ROWS), "run: python -m tools.sdk_matrix.page"


def test_every_release_was_driven():
    assert {release for row in ROWS for release in releases_of(row)} == set(RELEASES)
    (run_task,) = (row for row in ROWS if row.method == "run_task")
    assert (run_task.releases, run_task.call, run_task.newest) == ("all", "passed", None)


def test_what_did_not_pass_is_known_and_why():
    for row in ROWS:
        outcomes = [("own", row.call), ("newest", row.newest[0] if row.newest else row.call)]
        for release in releases_of(row):
            for dialect, outcome in outcomes:
                known = known_of(row.method, release, dialect, "call")
                assert outcome == (known.outcome if known else "passed"), (row, release, dialect)


@pytest.mark.parametrize("known", KNOWN, ids=lambda row: row.methods[0])
def test_what_is_known_speaks_of_methods_that_there_are(known):
    recorded = {(row.method, release) for row in ROWS for release in releases_of(row)}
    assert known.source
    assert any(
        (method, it) in recorded for method in known.methods for it in within(known.releases)
    )


def test_the_table_of_calls_has_no_row_that_no_release_needs():
    called = {FORMER_NAMES.get(row.method, row.method) for row in ROWS}
    assert set(CALLS) <= called


# --- judging ----------------------------------------------------------------------------------


def verdict(*lines: dict[str, Any]) -> list[str]:
    return list(judge({line["dialect"]: [line] for line in lines}).failures)


def test_an_outcome_that_is_not_due_fails():
    assert verdict(said("1.0.24", "get_run", "passed")) == []
    (failure,) = verdict(said("1.0.24", "get_run", "ApiError 501"))
    assert failure.startswith("1.0.24 at 1.0.24, sync: get_run (call): ApiError 501, not passed")


def test_a_known_failure_that_does_not_happen_fails():
    assert verdict(said("1.0.31", "upload_file", "UnprocessableEntityError 422")) == []
    (failure,) = verdict(said("1.0.31", "upload_file", "passed"))
    assert "passed, not UnprocessableEntityError 422" in failure


def test_a_row_of_known_failures_that_nothing_meets_fails():
    lines = {release: [said(release, "get_run", "passed")] for release in RELEASES}
    assert len(judge(lines).failures) == len(KNOWN)
    del lines["1.0.0"]  # a row that is about a release that was not driven has had no chance
    assert len(judge(lines).failures) == len(KNOWN) - 1


def test_releases_that_do_the_same_are_one_row():
    lines = {
        release: [said(release, "m", "passed"), said(release, "m", "passed", dialect=NEWEST)]
        for release in ("1.0.0", "1.0.1")
    }
    lines["1.0.2"] = [said("1.0.2", "m", "passed"), said("1.0.2", "m", "E", dialect=NEWEST)]
    assert fold(lines) == [
        Row("m", "1.0.0..1.0.1", "passed", "", None),
        Row("m", "1.0.2", "passed", "", ("E", "")),
    ]


@pytest.mark.parametrize("text", ["all", "1.0.0", "1.0.45+", "1.0.24..1.0.28"])
def test_ranges_are_read_as_they_are_written(text: str):
    assert ranges(within(text)) == text


def test_a_range_with_a_gap_is_two():
    assert ranges(["1.0.0", "1.0.1", "1.0.3", NEWEST]) == f"1.0.0..1.0.1, 1.0.3, {NEWEST}"
