"""What a failing test shows of its world: bounded, and without secrets."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, cast

from skyvern_testkit.fake.journal import Entry, virtual_seconds
from skyvern_testkit.fake.redact import redact_json, redact_target, redact_text
from skyvern_testkit.script import Match, Miss, RunInput
from skyvern_testkit.world.events import Effect, EffectDue

if TYPE_CHECKING:
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["complaints", "render"]

LINES: Final = 40
"""The most of each section: the newest."""
WIDTH: Final = 300
TRACEBACK: Final = 30


def render(fake: InProcessSkyvern, *, besides: BaseException | None = None) -> str:
    """The report, section by section; a section with nothing in it is left out.

    Args:
        fake: whose world.
        besides: an error that is shown anyway.
    """
    return "\n".join(_lines(fake, besides))


def _lines(fake: InProcessSkyvern, besides: BaseException | None) -> Iterator[str]:
    world = fake.world
    elapsed = virtual_seconds(fake.front.now, world.epoch)
    yield f"{elapsed:.3f} virtual seconds, {fake.journal.total} requests, seed {world.seed}"
    yield from _section("requests", list(_requests(fake.journal)), dropped=fake.journal.dropped)
    yield from _section(
        "states of runs", [_change(fake, index) for index in range(len(world.changes))]
    )
    yield from _section("effects", [delivery.line() for delivery in fake.journal.deliveries])
    yield from _section("effects not delivered", list(_undelivered(fake)))
    yield from _section(
        "answers not delivered, their clients gone",
        [exchange.entry.line() for exchange in fake.unread],
    )
    yield from _section(
        "runs that no script was given to, and how near the rules came", list(_misses(fake))
    )
    yield from _section("planned and never used", list(_unused(fake)))
    yield from _section("advice", list(_advice(fake)))
    shown = set(map(id, _chain(besides)))
    for error in (error for error in fake.failures if id(error) not in shown):
        text = redact_text("".join(traceback.format_exception(error))).splitlines()
        yield from _section("raised by a script or a webhook receiver", text[-TRACEBACK:])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """What the traceback of an error shows: it, its causes, and those of a group."""
    ahead, seen = [error], list[BaseException]()
    while ahead:
        one = ahead.pop()
        if one is None or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        ahead += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            ahead += cast("BaseExceptionGroup[BaseException]", one).exceptions


def _section(title: str, lines: list[str], *, dropped: int = 0) -> Iterator[str]:
    if not lines:
        return
    left_out = max(0, len(lines) - LINES) + dropped
    yield f"{title}:" if not left_out else f"{title} (the last {LINES}; {left_out} before them):"
    for line in lines[-LINES:]:
        yield "  " + (line if len(line) <= WIDTH else line[: WIDTH - 1] + "…")


def _requests(entries: Iterable[Entry]) -> Iterator[str]:
    """One line each; polls that say the same are one line together."""

    def looks(entry: Entry) -> tuple[object, ...]:
        took = (entry.ended or entry.began) - entry.began
        return entry.operation, entry.request.target, entry.status, entry.outcome, entry.fault, took

    for _, group in groupby(entries, key=looks):
        alike = list(group)
        yield alike[0].line()
        if len(alike) == 2:
            yield alike[1].line()
        elif len(alike) > 2:
            yield f"{alike[-1].began:>10.3f} s  the last of {len(alike) - 1} more of these"


def _change(fake: InProcessSkyvern, index: int) -> str:
    change = fake.world.changes[index]
    at = virtual_seconds(change.at, fake.world.epoch)
    return f"{at:>10.3f} s  {change.run_id}  {change.before} -> {change.after}  ({change.why})"


def _undelivered(fake: InProcessSkyvern) -> Iterator[str]:
    epoch = fake.world.epoch
    for effect in fake.world.in_flight.values():
        yield f"{virtual_seconds(effect.at, epoch):>10.3f} s  {_named(effect)}: under way"
    for due, event in fake.world.due_events():
        if isinstance(event, EffectDue):
            yield f"{virtual_seconds(due, epoch):>10.3f} s  {_named(event.effect)}: was still due"


def _named(effect: Effect) -> str:
    return f"{effect.kind} of {effect.run.id} to {redact_target(effect.url)}"


def _misses(fake: InProcessSkyvern) -> Iterator[str]:
    for run, misses in fake.world.unmatched:
        yield _run(run)
        for rule, reasons in misses[:3]:
            yield f"    {_pattern(rule.match)}: {'; '.join(map(_without_secrets, reasons))}"


def _run(run: RunInput) -> str:
    return f"{run.run_id} ({run.run_type})"


def _pattern(match: Match) -> str:
    if match.parameters is not None:
        match = replace(match, parameters=redact_json(dict(match.parameters)))
    return redact_text(str(match))


def _without_secrets(miss: Miss) -> str:
    def hide(value: Any) -> Any:
        if miss.key is None:
            return redact_json(value)
        return cast("dict[str, Any]", redact_json({miss.key: value}))[miss.key]

    return str(replace(miss, got=hide(miss.got), wanted=hide(miss.wanted)))


def _unused(fake: InProcessSkyvern) -> Iterator[str]:
    for rule in fake.world.rules:
        if not fake.world.rule_uses.get(rule.number):
            yield f"{_pattern(rule.match)}.play(...): no run matched"
    for fault in fake.faults.unused():
        yield f"{fault}: no call met it"
    for said in fake.unplayed:
        yield f"{said.said_at}: {_pattern(said.match)} without .play(...): it does nothing"
    for plan in fake.faults.unfinished():
        what = ".answer(503), .slow(90) and the like"
        yield f"{plan.said_at}: {plan} without what goes wrong ({what}): it does nothing"


def _advice(fake: InProcessSkyvern) -> Iterator[str]:
    for advice in fake.world.advice:
        run = f"{advice.run_id}: " if advice.run_id else ""
        yield f"{advice.kind}: {run}{advice.text}"


def complaints(fake: InProcessSkyvern) -> list[str]:
    """What ``strict`` objects to: unused rules and faults, runs without a script, advice."""
    unscripted = [
        f"{_run(run)}: no rule matched; the nearest: "
        + "; ".join(
            f"{_pattern(rule.match)}: {'; '.join(map(_without_secrets, why))}"
            for rule, why in misses[:1]
        )
        for run, misses in fake.world.unmatched
    ]
    return [*_unused(fake), *unscripted, *_advice(fake)]
