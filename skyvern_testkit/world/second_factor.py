"""Waiting for a second factor: first look, next looks, the end of patience (facts: runs 9)."""

from __future__ import annotations

import json

from skyvern_testkit.script import CodeFound, State
from skyvern_testkit.world.codes import Sources, seed_code, sources_of, stored_code
from skyvern_testkit.world.endings import missing_source, otp_timeout
from skyvern_testkit.world.events import (
    CodeDeadline,
    Effect,
    EffectResult,
    LookForCode,
    StepOver,
)
from skyvern_testkit.world.finishing import end_work
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = ["code_at_once", "give_up", "look", "url_answered"]


def code_at_once(world: World, run: Run, need: CodeFound) -> str | None:
    """The code of a stored seed; without one the run begins to look elsewhere."""
    sources = sources_of(world, run, need)
    if sources.seed is not None:
        return seed_code(sources.seed, world.now)
    if sources.url is None and sources.identifier is None:
        reason, error = missing_source()
        end_work(world, run, State.TERMINATED, reason, errors=(error,), why="no source of codes")
        return None
    timing = world.timing
    run = world.change(run, need_since=world.now)
    world.schedule(world.now + timing.first_code_look, LookForCode(run.id, run.turn))
    world.schedule(world.now + timing.code_budget, CodeDeadline(run.id, run.turn))
    return None


def _waiting(world: World, run_id: str, turn: int) -> tuple[Run, Sources] | None:
    run = world.run(run_id)
    if run.turn != turn or not isinstance(run.waiting_for, CodeFound):
        return None
    return run, sources_of(world, run, run.waiting_for)


def look(world: World, event: LookForCode) -> None:
    """Look for a code: ask the ``totp_url``, or else look through the stored ones."""
    waiting = _waiting(world, event.run_id, event.turn)
    if waiting is None:
        return
    run, sources = waiting
    if sources.url is None:
        _take_stored(world, run, sources)
        return
    # what it answers is looked at in the same tick, when it is there: see url_answered
    world.emit(world.new_effect(kind="totp_url", url=sources.url, run=run, api_key=run.api_key))


def url_answered(world: World, effect: Effect, result: EffectResult) -> None:
    """The ``totp_url`` has answered; without a code in it the stored ones are looked through."""
    waiting = _waiting(world, effect.run.id, effect.run.turn)
    if waiting is None:
        return
    run, sources = waiting
    code = _code_in(result)
    if code:
        _go_on(world, run, code, "second-factor code from totp_url")
    else:
        _take_stored(world, run, sources)


def _code_in(result: EffectResult) -> str | None:
    if result.status != 200:
        return None
    try:
        answer = json.loads(result.body)
    except ValueError:
        return None
    match answer:
        case {"verification_code": code} if code:
            return str(code)
        case _:
            return None


def _take_stored(world: World, run: Run, sources: Sources) -> None:
    code = stored_code(world, run, sources.identifier) if sources.identifier else None
    if code is not None:
        _go_on(world, run, code, "second-factor code")
        return
    world.schedule(_next_look(world, run), LookForCode(run.id, run.turn))


def _go_on(world: World, run: Run, code: str, why: str) -> None:
    world.schedule(world.now, StepOver(run.id, run.turn, why, code))


def _next_look(world: World, run: Run) -> int:
    """The next tick after now: ticks count from the need, however long a ``totp_url`` took."""
    timing = world.timing
    first = (run.need_since or world.now) + timing.first_code_look
    ticks = max(0, world.now - first) // timing.code_look + 1
    return first + ticks * timing.code_look


def give_up(world: World, event: CodeDeadline) -> None:
    """The second factor did not come in time: the run is terminated."""
    waiting = _waiting(world, event.run_id, event.turn)
    if waiting is not None:
        run, sources = waiting
        reason, error = otp_timeout(sources.polled)
        end_work(world, run, State.TERMINATED, reason, errors=(error,), why="no second-factor code")
