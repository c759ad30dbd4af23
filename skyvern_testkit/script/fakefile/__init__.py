"""Fake files: a whole world and how its runs behave, written as YAML (from text to values).

A fake file, with everything that may stand in it::

    format: 1                          # of this grammar
    description: What the fake is for.

    credentials:                       # each is what you would send to create it, plus an id of
      - id: cred_100000000000000002    # your own, so that tests can name it; without one the
        name: Portal                   # world makes one
        credential_type: password
        credential: {username: demo, password: secret, totp: ...}
    profiles:
      - {id: bp_100000000000000004, name: Portal, description: Logged in}
    sessions:
      - {id: pbs_100000000000000006, timeout: 60, browser_profile_id: bp_100000000000000004}
    workflows:                         # the `json_definition` of a create request
      - id: wpid_100000000000000008
        title: Fetch invoices
        persist_browser_session: true
        workflow_definition: {parameters: [...], blocks: [...]}

    runs:
      - on: {workflow: wpid_100000000000000008}
        play:                          # a list of steps is one script
          - queued: 2                  # virtual seconds
          - running: {seconds: 8, step: Open the login page}
          - needs_totp: demo@example.com
          - completed: {output: {ok: true}, downloads: [{filename: a.txt, text: hello}]}
      - on: {prompt: "*report*"}
        play:                          # lists in the list: the first run plays the first, and so
          - [{running: 3}, {failed: {reason: Login wall, error_code: LOGIN}}]
          - [running: 3, completed]    # on; the last serves all further runs
      - on: {url: {regex: "^https://slow[.]"}}
        play: {running: {until: never}}

    actions:                           # what single actions (`run_sdk_action`) answer
      - on: {type: extract, prompt: "*price*"}
        answer: {price: 12.5}          # or `answers`: one for each, the last for all further ones

A rule that stands later wins, as with ``fake.on()``: put the general ones first. ``on`` has the
fields of :class:`~skyvern_testkit.script.Match`: texts are globs, ``{regex: ...}`` is searched;
left out, the rule is for every run.

Steps are the functions of :mod:`skyvern_testkit.script.steps` and triggers, under ``until``, those
of :mod:`skyvern_testkit.script.triggers`, with the same arguments: see
:mod:`skyvern_testkit.script.fakefile.forms`. Endings alone need no list in the list: ``play:
[failed, completed]`` are two scripts. ``{illegal: true, steps: [...]}`` is a script that makes moves
the real server never makes.

Values are JSON's, keys are texts, so ``NO``, ``on`` and ``2026-01-31`` mean what they look like: see
:mod:`skyvern_testkit.script.fakefile.nodes`.
"""

from skyvern_testkit.script.fakefile.actions import Answered
from skyvern_testkit.script.fakefile.file import (
    KINDS,
    FakeFile,
    Kind,
    Resource,
    examine,
    parse_fake,
    parse_script,
)
from skyvern_testkit.script.fakefile.problems import FakeFileError, Place, Problem
from skyvern_testkit.script.fakefile.scripts import RunRule

__all__ = [
    "KINDS",
    "Answered",
    "FakeFile",
    "FakeFileError",
    "Kind",
    "Place",
    "Problem",
    "Resource",
    "RunRule",
    "examine",
    "parse_fake",
    "parse_script",
]
