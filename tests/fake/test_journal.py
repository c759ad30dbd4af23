"""What a journal keeps: bounded by entries and by bytes, the newest first of all."""

from __future__ import annotations

from skyvern_testkit.fake.journal import Journal
from skyvern_testkit.wire.http import Request, Response


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


def test_large_answers_count_too():
    journal = Journal(byte_limit=100)
    for _ in range(4):
        entry = journal.open(Request("GET", "/v1/artifacts/a_1/content"), began=0.0)
        journal.answer(entry, Response(200, body=b"x" * 60))
        assert entry.status == 200
    assert numbers(journal) == [4]


def test_an_answer_to_an_entry_that_is_gone_is_not_counted():
    journal = Journal(byte_limit=100)
    slow = journal.open(Request("POST", "/v1/upload_file", body=b"x" * 60), began=0.0)
    journal.open(Request("POST", "/v1/upload_file", body=b"x" * 60), began=0.0)
    journal.answer(slow, Response(200, body=b"x" * 90))
    assert numbers(journal) == [2]
