"""Names for what differs between two servers that do the same.

Ids (the same id must come where the same id came before, by prefix), instants (a row that was not
changed since it was made must not be changed on the other server either) and what a server draws at
random.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

ID = re.compile(r"(?<![A-Za-z0-9_])([a-z]+(?:_v2)?)_(\d{17,19})(?!\d)")
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{6})?(?![\d.:])")
RANDOM: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'(?<=")[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=")'), "<uuid>"),
    (re.compile(r'(?<="duration":)\d+\.\d+'), "<seconds>"),
    (re.compile(r'(?<="seconds_remaining":)\d+'), "<seconds>"),
    (re.compile(r'(?<="organization_name":")[^"]*'), "<name>"),
    (re.compile(r'(?<="slug":")organi[sz]ations?(-\d+)?(?=")'), "<slug>"),
    (re.compile(r'(?<="CUSTOM_LLM_)oat_\d+(?=")'), "<id>"),
    (re.compile(r'(?<="token":")(<api key>|header\.\w+\.signature)(?=")'), "<api key>"),
    (re.compile(r'(?<="proxy_session_id":")[0-9a-f]{10}(?=")'), "<10 hex digits>"),
    (re.compile(r"wr_sched_[0-9a-f]{32}"), "wr_sched#"),
    (re.compile(r'(?<="latency_ms":)\d+'), "<milliseconds>"),
    (re.compile(r'(?<="x-skyvern-timestamp":")\d{10}(?=")'), "<seconds>"),
    (re.compile(r'(?<="x-skyvern-signature":")[0-9a-f]{64}(?=")'), "<signature>"),
    (
        re.compile(
            r'("key":"(?:skyvern\.|chance)[^"]*","value":"[^"]*","color":)"(?:gray|red|orange'
            r'|amber|yellow|green|teal|blue|cyan|indigo|purple|pink)"'
        ),
        r'\1"<a colour>"',
    ),  # of the server's own tags; and so were those called that nobody gave a colour
)
UPLOADED = re.compile(
    r'"(?:file:///app/artifacts/local/[^"]+/(?P<kept>file#[^"]*)'
    r'|s3://skyvern-uploads/[^"]+/(?P<stored>file#[^"]*)'
    r'|http://[^"]+/v1/artifacts/file#\d+/content\?artifact_name=(?P<signed>[^"&]+)[^"]*)"'
)
"""Where an uploaded file lies: on the disk of the recorded server, in the cloud, at the fake."""


class Ids:
    """Names for ids: the n-th new id of a prefix is ``prefix#n``, on both servers."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def name(self, *texts: str) -> list[str]:
        """The texts of one exchange, one from each server, with names for ids."""
        named: list[str] = []
        counts = [Counter(self._counts) for _ in texts]
        for text, count in zip(texts, counts, strict=True):

            def one(match: re.Match[str], count: Counter[str] = count) -> str:
                prefix, number = match.groups()
                if number[-1] not in "02468":
                    return f"{match[0]} (odd!)"
                if match[0] not in self._names:
                    count[prefix] += 1
                    self._names[match[0]] = f"{prefix}#{count[prefix]}"
                return self._names[match[0]]

            named.append(ID.sub(one, text))
        for count in counts:
            self._counts |= count
        return named


PAIR = re.compile(rf'"created_at":"({INSTANT.pattern})","modified_at":"({INSTANT.pattern})"')
FRESH = timedelta(milliseconds=90)
"""Closer together than that, a row was made and not changed since: one request of the recorded
server took less, and here requests are further apart."""


CHANGING = (
    '{"run_id":',
    '"retried_from_workflow_run_id":',
    '"workflow_run_block_id":',
    '"parent_workflow_run_id":',
)
"""Runs and their blocks change all the time."""


def name_instants(text: str, days: set[str]) -> str:
    """The text with names for instants of these days, and for rows unchanged since they were made."""

    def pair(match: re.Match[str]) -> str:
        created, modified = (datetime.fromisoformat(match[group]) for group in (1, 4))
        if match[2] not in days or modified - created > FRESH:
            return match[0]
        return '"created_at":"<instant>","modified_at":"<the same>"'

    def one(match: re.Match[str]) -> str:
        if match[1] not in days:
            return match[0]
        return "<instant>" if match[2] else "<second>"

    alone = not any(name in text for name in CHANGING)
    return INSTANT.sub(one, PAIR.sub(pair, text) if alone else text)


OWN_WORDS = "<own words>"


def same_but_for_prose(expected: str, got: str) -> bool:
    """The texts are the same but for the prose that the recording leaves out."""
    pattern = r"(?:[^\"\\]|\\.)+".join(re.escape(part) for part in expected.split(OWN_WORDS))
    return re.fullmatch(pattern, got) is not None


def name_random(text: str) -> str:
    text = UPLOADED.sub(lambda match: f'"<{unquote_plus(match[match.lastgroup or 0])}>"', text)
    for pattern, instead in RANDOM:
        text = pattern.sub(instead, text)
    return text
