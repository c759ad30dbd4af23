"""Which step comes next: the pages of a run script, or what its generator says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from skyvern_testkit.script import (
    GeneratorScript,
    Miss,
    RunInput,
    RunScript,
    Script,
    ScriptError,
    Step,
)
from skyvern_testkit.world.magic import magic_script
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import Player, Problem, Rule, World

__all__ = [
    "choose_block_script",
    "choose_script",
    "coming_step",
    "next_input",
    "script_step",
]


def choose_script(world: World, run: RunInput, organization_id: str) -> Script | None:
    """The script that a new run (or attempt) plays as a whole: of the last rule said that matches.

    A rule gives its scripts in order and its last one for ever. Where none matches, the run's own
    request may say something of the table of magic inputs. Without that the near misses are kept for
    the report; a task then completes after a short life, and a run of a workflow walks.

    Args:
        world: the run's world.
        run: what was asked of it.
        organization_id: whose run it is: rules of another do not count.

    Raises:
        Refusal: a magic input refuses the request.
        Exception: a function in a user's pattern went wrong; the world remembers the problem, since
            a client may swallow what is raised inside its request.
    """
    misses: list[tuple[Rule, tuple[Miss, ...]]] = []
    for rule in reversed(world.rules):
        if rule.organization_id not in (None, organization_id) or rule.match.is_for_block:
            continue
        missed = _misses(world, rule, run)
        if not missed:
            return _next_of(world, rule)
        misses.append((rule, missed))
    script = magic_script(world, run, organization_id)
    if misses and script is None:
        world.unmatched.append((run, tuple(sorted(misses, key=lambda miss: len(miss[1])))))
    return script


def _misses(world: World, rule: Rule, run: RunInput) -> tuple[Miss, ...]:
    try:
        return rule.match.misses(run)
    except Exception as error:
        world.problems.append(Problem(run.run_id, error))
        raise


def _next_of(world: World, rule: Rule) -> Script:
    used = world.rule_uses.get(rule.number, 0)
    world.rule_uses[rule.number] = used + 1
    return rule.scripts[min(used, len(rule.scripts) - 1)]


def choose_block_script(world: World, run: Run, label: str, block_type: str) -> Script | None:
    """The script that a block of a walk plays; None: what its kind does.

    A rule that is for this very block and misses for another reason is kept for the report.

    Args:
        world: the run's world.
        run: it walks, and has come to the block.
        label: of the block.
        block_type: of the block.

    Raises:
        Exception: a function in a user's pattern went wrong; the world remembers the problem.
    """
    asked = replace(asked_of(run), block=label, block_type=block_type)
    misses: list[tuple[Rule, tuple[Miss, ...]]] = []
    for rule in reversed(world.rules):
        if rule.organization_id not in (None, run.organization_id) or not rule.match.is_for_block:
            continue
        missed = _misses(world, rule, asked)
        if not missed:
            return _next_of(world, rule)
        if all(miss.name not in ("block", "block_type") for miss in missed):
            misses.append((rule, missed))
    if misses:
        world.unmatched.append((asked, tuple(sorted(misses, key=lambda miss: len(miss[1])))))
    return None


def asked_of(run: Run) -> RunInput:
    """What a script may know: of the run, and if it walks, of the block at work."""
    if run.walk is None:
        return run.input
    *_, frame = run.walk.frames
    turn = next((found for found in reversed(run.walk.frames) if found.loop is not None), None)
    block = next((item for item in frame.blocks if item["label"] == frame.label), None)
    return replace(
        run.input,
        block=frame.label,
        block_type=block["block_type"] if block else None,
        current_value=turn.loop.value if turn and turn.loop else None,
        current_index=turn.loop.index if turn and turn.loop else None,
    )


def script_step(
    world: World, run: Run, sent: Any, life: float | None = None
) -> tuple[Run, Step | None]:
    """The next step of the run's script, and the run with its place in the script moved on.

    Args:
        world: the run's world.
        run: it is not over.
        sent: what the ``yield`` of a generator script gives: the code of a second factor.
        life: seconds of work where the script only says how it ends; default: a run's.

    Returns:
        None for the step when the script has no more to say.

    Raises:
        ScriptError: a generator yields something that is no step, or replays differently.
    """
    if isinstance(run.script, RunScript):
        steps = run.script.played(world.timing.life if life is None else life)
        if run.cursor >= len(steps):
            return run, None
        return world.change(run, cursor=run.cursor + 1, modified_at=run.modified_at), steps[
            run.cursor
        ]
    count, player = world.players.get(run.id) or (0, run.script.function(asked_of(run)))
    if count != len(run.sent):
        player = _replay(run, run.script)
    try:
        step = player.send(sent if run.sent else None)
    except StopIteration:
        return run, None
    if not isinstance(cast("object", step), Step):
        raise ScriptError(
            f"script {run.script.name} of run {run.id} yielded {step!r}; it must yield steps such "
            "as queued() or completed()"
        )
    run = world.change(
        run,
        sent=(*run.sent, sent),
        yielded=(*run.yielded, step),
        modified_at=run.modified_at,
    )
    world.players[run.id] = (len(run.sent), player)
    return run, step


def coming_step(world: World, run: Run) -> Step | None:
    """The step that will be next, if that can be known: a generator has not said it yet."""
    if run.walk is not None or not isinstance(run.script, RunScript):
        return None
    steps = run.script.played(world.timing.life)
    return steps[run.cursor] if run.cursor < len(steps) else None


def _replay(run: Run, script: GeneratorScript) -> Player:
    """A generator brought to where the run's log says it was."""
    player = script.function(asked_of(run))
    for sent, expected in zip(run.sent, run.yielded, strict=True):
        try:
            step: Step | None = player.send(sent)
        except StopIteration:
            step = None
        if step != expected:
            raise ScriptError(
                f"script {script.name} of run {run.id} replays differently: it yielded "
                f"{expected!r} and now {step!r}. A script that is forked may only depend on its "
                "run and on what it is sent."
            )
    return player


def next_input(run: Run) -> RunInput:
    """What the next attempt of a run knows of itself."""
    return replace(run.input, attempt=run.attempt + 1)
