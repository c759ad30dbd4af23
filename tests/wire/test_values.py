"""Ids, instants and JSON as they look on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.ids import compose_id
from skyvern_testkit.wire.jsontext import dump_answer, dump_refusal, dump_webhook
from skyvern_testkit.wire.times import (
    DEFAULT_EPOCH,
    SECOND,
    from_datetime,
    seconds,
    timestamp,
    timestamp_or_none,
    timestamp_z,
)


def test_the_time_part_of_an_id_counts_seconds_since_june_2022():
    # facts: resources 2 gives a number of the real server; its time part is 2026-11-23T20:55:39Z
    at = from_datetime(datetime(2026, 11, 23, 20, 55, 39, tzinfo=UTC))
    assert compose_id(at, 0, 0) >> 32 == 600368309260906860 >> 32


def test_ids_are_even_have_18_digits_and_grow():
    last, numbers = 0, []
    for _ in range(3_000):  # more than the real server's sequence of 1,024 in one second
        last = compose_id(DEFAULT_EPOCH, 2**21 - 1, last)
        numbers.append(last)
    assert numbers == sorted(set(numbers))
    assert all(number % 2 == 0 and len(str(number)) == 18 for number in numbers)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000000"),
        (
            datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-01T00:00:00.000000",
        ),
        (datetime(2026, 1, 1, 0, 0, 0, 7), "2026-01-01T00:00:00.000007"),  # noqa: DTZ001 - naive is UTC
    ],
)
def test_a_timestamp_has_microseconds_and_no_zone(moment: datetime, text: str):
    assert timestamp(from_datetime(moment)) == text
    assert timestamp_z(from_datetime(moment)) == text + "Z"


def test_no_instant_is_null():
    assert timestamp_or_none(None) is None


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_timestamp_reads_back_as_the_same_instant(moment: datetime):
    instant = from_datetime(moment)
    assert from_datetime(datetime.fromisoformat(timestamp(instant))) == instant


def test_seconds_are_whole_nanoseconds():
    assert seconds(0.1) * 3 == seconds(0.3) == 3 * SECOND // 10


def test_an_answer_is_compact_keeps_its_order_and_writes_raw_characters():
    assert dump_answer({"b": 1.0, "a": ["é", None]}) == '{"b":1.0,"a":["é",null]}'.encode()


def test_a_refusal_cannot_hold_what_is_no_json():
    # recorded exchange http.body.nan
    with pytest.raises(ValueError, match="JSON compliant"):
        dump_refusal(float("nan"))


def test_an_answer_has_null_where_it_would_hold_what_is_no_json():
    # asked of the real server 1.0.56
    assert dump_answer({"a": [float("nan"), -float("inf"), 1.0]}) == b'{"a":[null,null,1.0]}'


def test_a_webhook_writes_whole_floats_as_integers_at_any_depth():
    # facts: runs 8
    body = {"errors": [{"confidence_float": 1.0}], "x": 0.95, "y": True, "z": (2.0,)}
    assert dump_webhook(body) == b'{"errors":[{"confidence_float":1}],"x":0.95,"y":true,"z":[2]}'


def test_a_request_finds_headers_in_any_case_and_keeps_its_query():
    request = Request.to("get", "/v1/runs?status=a&status=b&x=", headers=(("X-Api-Key", "k"),))
    assert (request.method, request.path, request.target) == (
        "GET",
        "/v1/runs",
        "/v1/runs?status=a&status=b&x=",
    )
    assert request.header("x-api-key") == "k"
    assert request.query_items == [("status", "a"), ("status", "b"), ("x", "")]
    assert request.json is None


def test_a_request_does_not_show_its_key_or_its_body():
    request = Request.to("POST", "/v1/credentials", headers=(("x-api-key", "k3y"),), body=b"s3cret")
    assert not re.search("k3y|s3cret", repr(request))


def test_an_answer_reads_its_body():
    response = Response(200, (("content-type", "application/json"),), b'{"a":1}')
    assert response.json == {"a": 1}
    assert response.header("Content-Type") == "application/json"
    assert Response(204).json is None
