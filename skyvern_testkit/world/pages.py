"""Pages of our own, as a run's browser, its scraper and its model would have left them behind.

The files are what their names say (HTML, JSON, HAR 1.2); what they tell is ours: no browser opened a
page and no model was asked.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import timestamp_z

__all__ = ["css_map", "elements", "frame_map", "har", "page", "page_in_prompt"]

_TAGS: Final = ("h1", "p", "button")
_IDS: Final = ("AAAB", "AAAC", "AAAD")


def _texts(words: str, url: str | None) -> tuple[str, str, str]:
    return (urlsplit(url or "").hostname or "about:blank", words, "Continue")


@lru_cache(maxsize=256)
def page(words: str, url: str | None, *, marked: bool = True) -> bytes:
    """The page that the agent saw.

    Args:
        words: what stands on it.
        url: where it is; None: nowhere yet.
        marked: its elements bear the ids that a scraper gives them.
    """
    texts = [html.escape(text) for text in _texts(words, url)]
    marks = [f' unique_id="{mark}"' if marked else "" for mark in _IDS]
    body = "".join(
        f"<{tag}{mark}>{text}</{tag}>" for tag, mark, text in zip(_TAGS, marks, texts, strict=True)
    )
    head = f'<meta charset="utf-8"><title>{texts[0]}</title>'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def elements(words: str, url: str | None, *, trimmed: bool = False) -> list[Json]:
    """The tree of what can be seen on the page; trimmed: without what a model need not know."""
    found: list[Json] = []
    for tag, mark, text in zip(_TAGS, _IDS, _texts(words, url), strict=True):
        seen: JsonObject = {"id": mark, "tagName": tag, "text": text, "attributes": {}}
        if not trimmed:
            seen |= {"frame": "main.frame", "interactable": tag == "button", "children": []}
        found.append(seen)
    return found


def page_in_prompt(words: str, url: str | None) -> bytes:
    """The same as a model is told it."""
    seen = zip(_TAGS, _IDS, _texts(words, url), strict=True)
    return "\n".join(
        f'<{tag} id="{mark}">{html.escape(text)}</{tag}>' for tag, mark, text in seen
    ).encode()


def css_map() -> JsonObject:
    """How each element is found again."""
    return {mark: f"html > body > {tag}" for tag, mark in zip(_TAGS, _IDS, strict=True)}


def frame_map() -> JsonObject:
    """In which frame each element is."""
    return dict.fromkeys(_IDS, "main.frame")


_CREATOR: Final = {"name": "skyvern-testkit", "version": "1"}


def har(urls: Sequence[str], started_at: int) -> bytes:
    """The traffic of a run: each page once, as HAR 1.2.

    Args:
        urls: the pages that were opened.
        started_at: when, in nanoseconds since 1970.
    """
    entries: list[Json] = [_entry(url, timestamp_z(started_at)) for url in urls]
    log: JsonObject = {"version": "1.2", "creator": {**_CREATOR}, "pages": [], "entries": entries}
    return json.dumps({"log": log}).encode()


def _entry(url: str, at: str) -> JsonObject:
    content = page("", url, marked=False)
    said = {"name": "content-type", "value": "text/html; charset=utf-8"}
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return {
        "startedDateTime": at,
        "time": 1,
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "queryString": [{"name": name, "value": value} for name, value in query],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [said],
            "content": {
                "size": len(content),
                "mimeType": said["value"],
                "text": content.decode(),
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(content),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }
