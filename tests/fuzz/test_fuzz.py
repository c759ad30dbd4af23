"""Schemathesis asks a served fake what its document says: what it fails, the real server fails too."""

from __future__ import annotations

import pytest

from skyvern_testkit.wire.operations import OPERATIONS
from tools import fuzz


@pytest.mark.parametrize("phases", ["coverage", "fuzzing,stateful"])
def test_no_check_fails_that_the_real_server_passes(phases: str):
    with fuzz.served() as url:
        found = fuzz.fuzz(url, fuzz.KEY, phases=phases)
    assert len(found) > 80
    assert fuzz.unexcused(found) == []


def test_a_check_that_only_the_fake_fails_is_told():
    failed = {"get_version": fuzz.Found({200}, {"response_schema_conformance": "no\n version"})}
    assert fuzz.unexcused(failed) == ["get_version: response_schema_conformance: no version"]


def test_a_check_that_the_real_server_fails_is_excused():
    real = fuzz.seen()["operations"]["create_credential"]["real"]["failures"]
    assert "not_a_server_error" in real
    failed = {"create_credential": fuzz.Found({500}, {"not_a_server_error": ""})}
    assert fuzz.unexcused(failed) == []


def test_rows_name_operations_that_there_are():
    named = {*fuzz.NOT_COVERED, *(name for row in fuzz.EXCUSED for name in row.operations)}
    assert named <= set(OPERATIONS)


def test_both_sides_were_asked_about_all_public_operations():
    sides = [set(row) for row in fuzz.seen()["operations"].values()]
    assert sides == [{"fake", "real"}] * 90


def test_the_page_is_up_to_date():
    assert fuzz.PAGE.read_text("utf-8") == fuzz.page(), "run: python tools/fuzz.py --page"
