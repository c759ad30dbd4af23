"""Fake files: what may be written, and what an error says."""

from __future__ import annotations

import inspect
import re
from itertools import pairwise
from textwrap import dedent

import pytest

from skyvern_testkit.script import (
    After,
    CodeFound,
    Download,
    Match,
    Never,
    Polls,
    RunError,
    RunReaches,
    RunScript,
    SessionClosed,
    Signal,
    State,
    WebhookAnswered,
    canceled,
    completed,
    created,
    failed,
    needs_totp,
    paused,
    queued,
    running,
    steps,
    terminated,
    timed_out,
    triggers,
)
from skyvern_testkit.script.fakefile import FakeFileError, examine, parse_fake, parse_script
from skyvern_testkit.script.fakefile.forms import STEPS, TRIGGERS
from skyvern_testkit.script.fakefile.nodes import MAX_CHARACTERS, MAX_NODES


def script(text):
    return parse_script(dedent(text))


def fake(text):
    return parse_fake("fakes/portal.yaml", "format: 1\n" + dedent(text))


def problems(text):
    _, found = examine("fakes/portal.yaml", dedent(text).lstrip("\n"))
    return [(str(problem.place.path), problem.text) for problem in found]


def rules(text):
    return problems("format: 1\nruns:\n" + dedent(text).lstrip("\n"))


class TestSteps:
    @pytest.mark.parametrize(
        ("text", "step"),
        [
            ("created", created()),
            ("created: 1", created(1)),
            ("queued: 2", queued(2)),
            ("queued:", queued()),
            ("queued: {until: {polls: 3}}", queued(until=Polls(3))),
            ("running: 8", running(8)),
            ("running: 0.25", running(0.25)),
            ("running: {seconds: 8, step: Open the login page}", running(8, step="Open the login page")),
            ("running: {thought: Hm, block: log_in, credits: 2}", running(thought="Hm", block="log_in", credits=2)),
            ("running: {output: {a: [1, null]}}", running(output={"a": [1, None]})),
            ("running: {errors: [A, {code: B, reasoning: why, confidence: 0.5}]}",
             running(errors=["A", RunError("B", "why", 0.5)])),
            ("running: {downloads: [a.pdf, {filename: b.txt, text: hi}]}",
             running(downloads=[Download("a.pdf"), Download("b.txt", b"hi")])),
            ("running: {downloads: {filename: b.bin, base64: AAEC}}",
             running(downloads=[Download("b.bin", b"\0\1\2")])),
            ("running: {screenshot: {base64: iVBO}}", running(screenshot=b"\x89PN")),
            ("running: {screenshot: {text: png}}", running(screenshot=b"png")),
            ("paused", paused()),
            ("paused: 60", paused(60)),
            ("needs_totp", needs_totp()),
            ("needs_totp: demo@example.com", needs_totp("demo@example.com")),
            ("needs_totp: {identifier: demo, step: Wait}", needs_totp("demo", step="Wait")),
            ("completed", completed()),
            ("completed: {output: {title: Show HN}}", completed({"title": "Show HN"})),
            ("completed: [1, 2]", completed([1, 2])),
            ("completed: {output: null}", completed(None)),
            ("completed: {credits: 3}", completed(credits=3)),
            ("failed: Login wall", failed("Login wall")),
            ("failed: {reason: Wall, error_code: LOGIN}", failed("Wall", error_code="LOGIN")),
            ("failed: {errors: LOGIN, output: 1, downloads: a.txt}",
             failed(errors=["LOGIN"], output=1, downloads=[Download("a.txt")])),
            ("terminated: {reason: Region, errors: [REGION]}", terminated("Region", errors=["REGION"])),
            ("timed_out", timed_out()),
            ("timed_out: {reason: Too slow, output: {}}", timed_out("Too slow", output={})),
            ("canceled", canceled()),
        ],
    )  # fmt: skip
    def test_each_is_written_as_its_function_is_called(self, text, step):
        assert script(f"illegal: true\nsteps: [{text}]") == RunScript(step, illegal=True)

    @pytest.mark.parametrize(
        ("text", "trigger"),
        [
            ("8", After(8 * 10**9)),
            ("{after: 0.5}", After(5 * 10**8)),
            ("{after: {seconds: 2}}", After(2 * 10**9)),
            ("{after: {nanoseconds: 7}}", After(7)),
            ("{polls: 3}", Polls(3)),
            ("{polls: {count: 3}}", Polls(3)),
            ("{signal: go}", Signal("go")),
            ("session_closed", SessionClosed()),
            ("webhook_answered", WebhookAnswered()),
            ("{webhook_answered: wr_1}", WebhookAnswered("wr_1")),
            ("{run_reaches: {run_id: wr_1, states: [running, paused]}}",
             RunReaches("wr_1", frozenset({State.RUNNING, State.PAUSED}))),
            ("{run_reaches: {run_id: wr_1, states: completed}}", RunReaches("wr_1", frozenset({State.COMPLETED}))),
            ("{run_reaches: wr_1}", triggers.run_reaches("wr_1")),
            ("{code_found: demo@example.com}", CodeFound("demo@example.com")),
            ("code_found", CodeFound()),
            ("never", Never()),
            ("{never: }", Never()),
        ],
    )  # fmt: skip
    def test_each_trigger_is_written_as_its_function_is_called(self, text, trigger):
        assert script(f"running: {{until: {text}}}") == RunScript(running(until=trigger))

    @pytest.mark.parametrize("name", steps.__all__)
    def test_every_function_and_each_of_its_arguments_can_be_written(self, name):
        function = getattr(steps, name)
        if not name.islower():
            return  # the values that they make
        assert set(STEPS[name].fields) == set(inspect.signature(function).parameters)

    @pytest.mark.parametrize("name", triggers.__all__)
    def test_every_trigger_can_be_written(self, name):
        if name.islower():
            assert name in TRIGGERS


class TestScripts:
    @pytest.mark.parametrize(
        ("text", "scripts"),
        [
            ("completed", [[completed()]]),
            ("{failed: Wall}", [[failed("Wall")]]),
            ("[queued: 2, running: 8, completed]", [[queued(2), running(8), completed()]]),
            ("[failed: Wall, completed]", [[failed("Wall")], [completed()]]),
            ("[completed]", [[completed()]]),
            ("[[running: 1, failed], [completed]]", [[running(1), failed()], [completed()]]),
            ("[[running: 1, failed], completed]", [[running(1), failed()], [completed()]]),
            ("[{steps: [failed]}, completed]", [[failed()], [completed()]]),
        ],
    )
    def test_a_list_of_steps_is_one_script_and_lists_or_endings_are_several(self, text, scripts):
        (rule,) = fake(f"runs: [{{play: {text}}}]").rules
        assert rule.scripts == tuple(RunScript(*taken) for taken in scripts)

    def test_an_illegal_script_says_so(self):
        assert script("{illegal: true, steps: [completed, running: 1]}") == RunScript(
            completed(), running(1), illegal=True
        )

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            ("", Match()),
            ('prompt: "*invoice*"', Match(prompt="*invoice*")),
            ("workflow: wpid_1, title: T", Match(workflow="wpid_1", title="T")),
            ("engine: skyvern-2.0, run_type: task_v2", Match(engine="skyvern-2.0", run_type="task_v2")),
            ('engine: "skyvern-9*"', Match(engine="skyvern-9*")),
            ("parameters: {region: NO, n: 3}", Match(parameters={"region": "NO", "n": 3})),
            ('url: {regex: "^https://a[.]"}', Match(url=re.compile("^https://a[.]"))),
        ],
    )  # fmt: skip
    def test_on_says_which_runs(self, text, match):
        (rule,) = fake(f"runs: [{{on: {{{text}}}, play: completed}}]").rules
        assert rule.match == match

    def test_without_on_a_rule_is_for_every_run(self):
        (rule,) = fake("runs: [play: completed]").rules
        assert rule.match == Match()


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1", 1), ("-2", -2), ("+3", 3), ("1.5", 1.5), ("1e3", 1000.0), ("0", 0),
            ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
            ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("007", "007"), ("0x1F", "0x1F"),
            ("12:30", "12:30"), ("1_000", "1_000"), ("2026-01-31", "2026-01-31"), (".inf", ".inf"),
            ('"1"', "1"), ("'null'", "null"), ("1.2.3", "1.2.3"), ("=", "="),
            (r'"\ud83d\ude00"', "\U0001f600"), ("[]", []), ("{}", {}),
            ("{1: a, on: b, null: c}", {"1": "a", "on": "b", "null": "c"}),
        ],
    )  # fmt: skip
    def test_they_are_what_they_look_like(self, text, value):
        assert script(f"completed: {{output: {text}}}") == RunScript(completed(value))

    def test_an_anchor_saves_writing_it_twice(self):
        text = "completed: {output: {a: &rows [1, {b: 2}], c: *rows}}"
        assert script(text) == RunScript(completed({"a": [1, {"b": 2}], "c": [1, {"b": 2}]}))


WHOLE = """
    description: All that may stand in one.
    credentials:
      - id: cred_2
        name: Portal
        credential_type: password
        credential: {username: demo}
    workflows:
      - id: wpid_4
        title: Invoices
        workflow_definition: {parameters: [], blocks: []}
    profiles: [{name: Portal}]
    sessions: [{timeout: 60}]
    runs: [play: completed]
"""


class TestWholeFile:
    def test_resources_come_in_the_order_of_their_making(self):
        file = fake(WHOLE)
        assert [(it.kind, it.id) for it in file.resources] == [
            ("credentials", "cred_2"),
            ("profiles", None),
            ("sessions", None),
            ("workflows", "wpid_4"),
        ]
        assert file.of_kind("sessions")[0].body == {"timeout": 60}
        assert file.description == "All that may stand in one."

    def test_the_smallest_says_only_its_format(self):
        assert fake("") == parse_fake("fakes/portal.yaml", "format: 1")

    @pytest.mark.parametrize(
        ("text", "path", "says"),
        [
            ("", "", "the file is empty"),
            ("# only words", "", "the file is empty"),
            ("[1]", "", "expected a mapping with format, description"),
            ("runs: []", "", "needs `format: 1`"),
            ("format: 2", "format", "expected 1, the only format there is; not 2"),
            ("format: true", "format", "not true"),
            ("format: 1\nrun: []", "run", "a fake file has no `run`. Did you mean `runs`?"),
            ("format: 1\ndescription: 3", "description", "expected a text"),
            ("format: 1\nruns: {on: 1}", "runs", "expected a list of rules; not a mapping with on"),
            ("format: 1\nsessions: [60]", "sessions[0]", "expected a mapping, as in a create request"),
            ("format: 1\nworkflows: [{title: A}]", "workflows[0]", "needs `workflow_definition`"),
            ("format: 1\nprofiles: [{name: A, id: wpid_1}]", "profiles[0].id", "an id such as `bp_1"),
            ("format: 1\nprofiles: [{name: A, id: bp_1}, {name: B, id: bp_1}]", "profiles[1].id",
             "`bp_1` is here already: profiles[0].id, line 2"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, text, path, says):
        ((where, what),) = problems(text)
        assert where == path
        assert says in what


class TestRuleErrors:
    @pytest.mark.parametrize(
        ("text", "path", "says"),
        [
            ("- 3", "runs[0]", "expected a mapping with `on` and `play`; not 3"),
            ("- on: {}", "runs[0]", "a rule needs `play`"),
            ("- {play: }", "runs[0].play", "`play` needs a script"),
            ("- {play: []}", "runs[0].play", "`play` needs a script"),
            ("- {play: completed, one: {}}", "runs[0].one", "a rule has no `one`."),
            ("- {on: {promt: a}, play: completed}", "runs[0].on.promt",
             "`on` has no `promt`. Did you mean `prompt`? It takes: prompt, url, workflow,"),
            ("- {on: {prompt: 3}, play: completed}", "runs[0].on.prompt", 'in quotes: "3"'),
            ('- {on: {prompt: {regex: "("}}, play: completed}', "runs[0].on.prompt.regex",
             "this is no regular expression"),
            ("- {on: {engine: skyvern-v2}, play: completed}", "runs[0].on.engine",
             "`skyvern-v2` is no engine. Did you mean `skyvern-2.0`"),
            ("- {on: {run_type: task}, play: completed}", "runs[0].on.run_type", "is no run type"),
            ("- {on: {parameters: [a]}, play: completed}", "runs[0].on.parameters", "a mapping"),
            ("- play: compleeted", "runs[0].play",
             "`compleeted` is not a step. Did you mean `completed`? There are: created, queued,"),
            ("- play: [running: {secnds: 8}]", "runs[0].play[0].running.secnds",
             "`running` has no `secnds`. Did you mean `seconds`? It takes: seconds, until,"),
            ("- play: [running: 8 s]", "runs[0].play[0].running",
             "expected virtual seconds (a number, 0 or more); not the text '8 s'"),
            ("- play: [running: -1]", "runs[0].play[0].running", "not -1"),
            ("- play: [running: true]", "runs[0].play[0].running", "not true"),
            ("- play: [running: {seconds: 1, until: never}]", "runs[0].play[0].running", "not both"),
            ("- play: [running: {until: nevr}]", "runs[0].play[0].running.until",
             "`nevr` is not a trigger. Did you mean `never`?"),
            ("- play: [running: {until: {polls: 0}}]", "runs[0].play[0].running.until.polls",
             "at least one poll"),
            ("- play: [running: {until: signal}]", "runs[0].play[0].running.until",
             "`signal` needs `name`"),
            ("- play: [running: {until: {run_reaches: {run_id: wr_1, states: [done]}}}]",
             "runs[0].play[0].running.until.run_reaches.states[0]", "is no state"),
            ("- play: [running: {until: {after: {}}}]", "runs[0].play[0].running.until.after",
             "either seconds or nanoseconds"),
            ("- play: [running: {until: {polls: 1, never: }}]",
             "runs[0].play[0].running.until.never", "a trigger has one name"),
            ("- play: [running: {errors: [{code: A, confidence: 2}]}]",
             "runs[0].play[0].running.errors[0].confidence", "from 0 to 1; not 2"),
            ("- play: [running: {errors: [{reasoning: A}]}]",
             "runs[0].play[0].running.errors[0]", "`error` needs `code`"),
            ("- play: [completed: {downloads: [{filename: a, base64: '*'}]}]",
             "runs[0].play[0].completed.downloads[0]", "this is no base64"),
            ("- play: [completed: {downloads: [{filename: a, base64: '', text: ''}]}]",
             "runs[0].play[0].completed.downloads[0]", "text or base64, not both"),
            ("- play: [running: {screenshot: a.png}]", "runs[0].play[0].running.screenshot",
             "bytes, written {base64: ...} or {text: ...}"),
            ("- play: [running: {credits: 1.5}]", "runs[0].play[0].running.credits", "whole number"),
            ("- play: [completed: {title: Show HN}]", "runs[0].play[0].completed.title",
             "`completed` has no `title`. It takes: output, downloads, credits."),
            ("- play: [canceled: why]", "runs[0].play[0].canceled", "takes no arguments"),
            ("- play: [[]]", "", ""),
            ("- play: [{running: 8, step: Open}]", "runs[0].play[0].step",
             "a step has one name, and `step` is a second; write it inside: `running: {step: ...}`"),
            ("- play: [{}]", "runs[0].play[0]", "expected a step such as"),
            ("- play: [running: 1, 3]", "runs[0].play[1]", "expected a step such as"),
            ("- play: {illegal: yes, steps: [completed]}", "runs[0].play.illegal", "true or false"),
            ("- play: {illegal: true}", "runs[0].play", "a script needs `steps`"),
            ("- play: {steps: [completed], legal: true}", "runs[0].play.legal", "a script has no"),
        ],
    )  # fmt: skip
    def test_the_place_and_the_remedy_are_named(self, text, path, says):
        found = rules(text)
        if not path:
            assert found == []
            return
        ((where, what),) = found
        assert where == path
        assert says in what

    def test_an_illegal_move_is_at_the_step_that_makes_it(self):
        ((where, what),) = rules("- play: [queued: 2, completed, running: 3]")
        assert where == "runs[0].play[1]"
        assert "cannot move to completed (legal moves: canceled, failed, running" in what

    @pytest.mark.parametrize("on", ["run_type: task_v1", "run_type: task_v2"])
    def test_a_script_must_be_legal_for_the_kind_of_run_it_is_for(self, on):
        ((where, what),) = rules(f"- {{on: {{{on}}}, play: [running: 1, paused, failed]}}")
        assert where == "runs[0].play[1]"
        assert "is never paused" in what

    def test_a_workflow_may_pause(self):
        assert rules("- {on: {workflow: wpid_1}, play: [running: 1, paused, failed]}") == []


class TestYaml:
    @pytest.mark.parametrize(
        ("text", "path", "says"),
        [
            ("a: [1\nb: 2", "", "this is no YAML: expected ',' or ']'"),
            ("a: b: c", "", "mapping values are not allowed here"),
            ("a:\n\t- b", "", "cannot start any token"),
            ("a: 1\n---\nb: 2", "", "another document"),
            ("a: \x01", "", "the character '\\x01' is not allowed"),
            ("format: 1\nformat: 1", "format", "here for the second time (first: line 1)"),
            ("format: 1\n? [a]\n: 1", "['?']", "a key must be a text"),
            ("format: 1\nruns: &a [*a]", "runs[0]", "contains itself"),
            ("format: 1\nruns: *nope", "", "undefined alias"),
            ("format: 1\n<<: {runs: []}", "['<<']", "merge keys are not supported"),
            ("a: !!python/object/apply:os.system [ls]", "", "tags are not allowed"),
            ("a: !!binary AAEC", "", "tags are not allowed"),
            ("a: " + "[" * 100_000, "", "nested deeper than"),
            ("format: 1\ndescription: 1e999", "description", "too large"),
            ("format: 1\ndescription: " + "9" * 5000, "description", "too many digits"),
            ('format: 1\ndescription: "\\ud800"', "description", "half of a surrogate pair"),
            ("x" * (MAX_CHARACTERS + 1), "", "more than 2,000,000"),
        ],
        ids=lambda it: it[:30],
    )
    def test_broken_or_hostile_text_is_refused(self, text, path, says):
        where, what = problems(text)[0]
        assert where == path
        assert says in what

    def test_aliases_cannot_multiply_without_a_bound(self):
        letters = "abcdefgh"
        lines = ["format: 1", "credentials: &a [x, x, x, x, x, x, x, x, x, x]"]
        for before, after in pairwise(letters):
            lines.append(f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]")
        assert any(f"more than {MAX_NODES:,}" in what for _, what in problems("\n".join(lines)))

    def test_aliases_cannot_nest_without_a_bound(self):
        lines = ["format: 1", "a0: &a0 [x]"]
        lines += [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100)]
        assert any("through aliases" in what for _, what in problems("\n".join(lines)))


class TestTheError:
    BROKEN = dedent("""\
        format: 1
        runs:
          - on: {promt: "*"}
            play:
              - running: {secnds: 8}
              - completed
    """)

    def test_it_names_everything_with_file_line_and_column(self):
        with pytest.raises(FakeFileError) as caught:
            parse_fake("fakes/portal.yaml", self.BROKEN)
        assert str(caught.value).splitlines() == [
            "fakes/portal.yaml: 2 problems, nothing was applied",
            "",
            "fakes/portal.yaml:3:10 runs[0].on.promt",
            (
                "    `on` has no `promt`. Did you mean `prompt`? It takes: prompt, url, workflow, "
                "parameters, engine, title, run_type, block, block_type."
            ),
            '      3 |   - on: {promt: "*"}',
            "        |          ^",
            "",
            "fakes/portal.yaml:5:19 runs[0].play[0].running.secnds",
            (
                "    `running` has no `secnds`. Did you mean `seconds`? It takes: seconds, until, step, "
                "thought, block, output, errors, downloads, screenshot, credits."
            ),
            "      5 |       - running: {secnds: 8}",
            "        |                   ^",
        ]

    def test_it_is_also_a_value(self):
        with pytest.raises(FakeFileError) as caught:
            parse_fake("a.yaml", self.BROKEN)
        first, second = caught.value.problems
        assert (caught.value.source, first.place.line, second.place.line) == ("a.yaml", 3, 5)

    def test_a_long_line_is_shown_where_the_trouble_is(self):
        text = "format: 1\n" + f"description: {{{'a' * 500}: 1}}"
        with pytest.raises(FakeFileError) as caught:
            parse_fake("a.yaml", text)
        assert max(map(len, str(caught.value).splitlines())) < 200


# --- single actions -------------------------------------------------------------------------------


def test_actions_answer_one_thing_or_one_after_the_other():
    file = parse_fake(
        "x",
        "format: 1\nactions:\n"
        "- {on: {type: extract, prompt: {regex: price$}}, answers: [{price: 1}, null]}\n"
        "- {on: {type: ai_*}, answer: null}\n"
        "- answer: [1, 2]\n",
    )
    assert [(str(it.match), it.answers) for it in file.actions] == [
        ("on_action(type='extract', prompt=re 'price$')", ({"price": 1}, None)),
        ("on_action(type='ai_*')", (None,)),
        ("on_action()", ([1, 2],)),
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{on: {type: extrat}, answer: 1}", "Did you mean 'extract'?"),
        ("{on: {typ: extract}, answer: 1}", "Did you mean `type`?"),
        ("{on: {type: extract}}", "either `answer`, or `answers`"),
        ("{answer: 1, answers: [1]}", "either `answer`, or `answers`"),
        ("{answers: 3}", "expected a list of answers; not 3"),
        ("{answers: []}", "expected a list of answers"),
        ("3", "a mapping with `on` and `answer`"),
    ],
)
def test_a_wrong_rule_of_actions_is_told(rule, said):
    with pytest.raises(FakeFileError, match=re.escape(said)):
        parse_fake("x", f"format: 1\nactions: [{rule}]")
