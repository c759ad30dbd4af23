"""Waiting for a second factor: first look, next looks, the end of patience (facts: runs 9)."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from skyvern_testkit.script import CodeFound, State
from skyvern_testkit.world import totp_url
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.codes import Sources, seed_code, sources_of, stored_code, why_not
from skyvern_testkit.world.endings import missing_source, otp_error, otp_timeout
from skyvern_testkit.world.events import Effect, EffectResult, LookForCode, StepOver
from skyvern_testkit.world.finishing import end_work
from skyvern_testkit.world.rows import CodeNeed, Run, TotpCode
from skyvern_testkit.world.world import World

__all__ = ["code_at_once", "look", "url_answered"]


def code_at_once(world: World, run: Run, need: CodeFound) -> str | None:
    """The code of a stored seed; without one the run begins to look elsewhere."""
    sources = sources_of(world, run, need)
    if sources.seed is not None:
        return seed_code(sources.seed, world.now)
    if sources.url is None and sources.identifier is None:
        reason, error = missing_source()
        end_work(world, run, State.TERMINATED, reason, errors=(error,), why="no source of codes")
        return None
    run = world.change(run, need=CodeNeed(since=world.now), modified_at=run.modified_at)
    world.schedule(world.now + world.timing.first_code_look, LookForCode(run.id, run.turn))
    return None


def _waiting(world: World, run_id: str, turn: int) -> tuple[Run, CodeNeed, Sources] | None:
    run = world.run(run_id)
    if run.turn != turn or not isinstance(run.waiting_for, CodeFound) or run.need is None:
        return None
    return run, run.need, sources_of(world, run, run.waiting_for)


def look(world: World, event: LookForCode) -> None:
    """Look for a code: ask the ``totp_url``, or else look through the stored ones.

    The patience is at an end when a look would come too late: a URL that takes its time is waited
    for.
    """
    waiting = _waiting(world, event.run_id, event.turn)
    if waiting is None:
        return
    run, need, sources = waiting
    if world.now >= need.since + world.timing.code_budget:
        _give_up(world, run, need, sources)
    elif sources.url is None:
        _take_stored(world, run, sources)
    else:  # what it answers is looked at in the same tick, when it is there: see url_answered
        asked = world.new_effect(kind="totp_url", url=sources.url, run=run, api_key=run.api_key)
        world.emit(asked)


def url_answered(world: World, effect: Effect, result: EffectResult) -> None:
    """The ``totp_url`` has answered; without a code in it the stored ones are looked through."""
    waiting = _waiting(world, effect.run.id, effect.run.turn)
    if waiting is None:
        return
    run, need, sources = waiting
    elsewhere = totp_url.redirected(effect, result)
    if elsewhere is not None:
        world.emit(elsewhere, at=effect.at)
        return
    answer = totp_url.read(effect, result)
    if answer.code is not None:
        _go_on(world, run, answer.code, "second-factor code from totp_url")
        return
    statuses = need.statuses if result.status is None else (*need.statuses, result.status)
    need = replace(
        need,
        statuses=statuses,
        is_answered=need.is_answered and result.status is not None,
        has_spoken=need.has_spoken or answer.has_spoken,
        error=answer.error,
    )
    run = world.change(run, need=need, modified_at=run.modified_at)
    if answer.error is not None:
        _look_again(world, run)  # this look is lost, for the stored codes too
        return
    _take_stored(world, run, sources)


def _take_stored(world: World, run: Run, sources: Sources) -> None:
    code = stored_code(world, run, sources.identifier) if sources.identifier else None
    if code is not None:
        _go_on(world, run, code, "second-factor code")
        return
    _look_again(world, run)


def _look_again(world: World, run: Run) -> None:
    """Ten seconds after the end of this look, however long a ``totp_url`` took."""
    world.schedule(world.now + world.timing.code_look, LookForCode(run.id, run.turn))


def _go_on(world: World, run: Run, code: str, why: str) -> None:
    world.schedule(world.now, StepOver(run.id, run.turn, why, code))


def _give_up(world: World, run: Run, need: CodeNeed, sources: Sources) -> None:
    """The second factor did not come in time: the run is terminated."""
    if need.error is not None:
        reason, error = otp_error(need.error)
    else:
        never_spoke = need.statuses and need.is_answered and not need.has_spoken
        statuses = need.statuses if never_spoke else ()
        reason, error = otp_timeout(sources.polled, statuses)
    clues = _clues(world, run, need, sources)
    if refused := [clue for clue in clues if "was not taken" in clue]:
        identifier, whys = sources.identifier, "; ".join(refused)
        advise(world, "totp_not_taken", run.id, identifier=identifier, why=whys)
    why = "; ".join(["no second-factor code", *clues])
    end_work(world, run, State.TERMINATED, reason, errors=(error,), why=why)


def _clues(world: World, run: Run, need: CodeNeed, sources: Sources) -> list[str]:
    """What the test's author wants to know of a code that never came: for the report alone."""
    clues = [need.error] if need.error else []
    if sources.url is not None and not need.statuses and need.error is None:
        clues.append("nobody answers its totp_url (skyvern_totp.serve, or a server on loopback)")
    newest = reversed(list(world.rows(TotpCode, run.organization_id)))
    refused = ((code, why_not(world, run, code, sources.identifier)) for code in islice(newest, 3))
    return [*clues, *(f"{code.id} was not taken: {why}" for code, why in refused if why)]
