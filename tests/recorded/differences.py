"""Where the fake answers otherwise than the recorded server on purpose, each with its reason.

A row that no longer differs fails its test, so the table stays as short as the truth.
"""

from __future__ import annotations

_NO_PROMPTS = (
    "the file is a prompt of the product; the fake keeps none (tests/api/test_artifacts.py)"
)
_SIGNS = "that server was not set up to sign addresses; the fake signs its own and checks them"

_OUTLIVED = "a child run that outlives its parent loses what it knows there; here it goes on"

KNOWN: dict[str, str] = {
    "walk_async.kid2": _OUTLIVED,
    "walk_async.kids2": _OUTLIVED,
    "walk_async.par2.kids": _OUTLIVED,
    "walk_cancel.whl.soon": "a race: the wait was over as the cancel came",
    "webhooks.early.plain": "a race: its wait of 1 s was not over; here requests are further apart",
    "walk_kids.childruns": "a child run that is refused its parameters is not kept as a failed one",
    **{
        f"artifacts.{run}.content.{name}": _NO_PROMPTS
        for run in ("run", "run3")
        for name in ("range", "range_bad", "foreign", "nokey")
    },
    "tasks.content.signed": _SIGNS,
    "tasks.content.signed_key": _SIGNS,
    "outside.signed.0": _SIGNS,
    "outside.signed.key.0": _SIGNS,
    "outside.signed.2": _SIGNS,
    "outside.signed.key.2": _SIGNS,
    "outside.doc.head": "the document is ours, so it has a length of its own",
    "status.key14": "three words with dots between are a token to the fake: it checks no signature",
    "webhooks.url.word": "the same as tasks.url0: its name server knows every name",
    "tasks.url0": "its name server knew the name; others do not (facts: runs 5), nor does the fake",
    "tasks.cancel.skyvern-2p0.get": "a race: the work began just after the cancel and said so",
    "wfruns.runs": "a race: one run was still at work there, another was canceled as it began",
    "wfruns.cancel.get": "a race: the work had begun 20 ms before the cancel",
}
"""Name of an exchange -> why the fake's answer is another."""
