"""What a journal keeps: bounded by entries and by bytes, the newest first of all."""

from __future__ import annotations

from skyvern_testkit.fake.journal import Journal
from skyvern_testkit.wire.http import Request


def numbers(journal: Journal) -> list[int]:
    return [entry.number for entry in journal]


def test_the_oldest_entries_go_first():
    journal = Journal(limit=2)
    for _ in range(5):
        journal.open(Request("GET", "/v1/version"), began=0.0)
    assert numbers(journal) == [4, 5]
    assert (journal.total, journal.dropped) == (5, 3)


def test_large_bodies_are_dropped_before_their_number_is_reached():
    journal = Journal(byte_limit=100)
    for size in (60, 30, 30, 200, 10):
        journal.open(Request("POST", "/v1/upload_file", body=b"x" * size), began=0.0)
        assert sum(len(entry.request.body) for entry in journal) <= 100 or len(journal) == 1
    assert numbers(journal) == [5]
