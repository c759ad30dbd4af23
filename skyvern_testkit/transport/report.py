"""What a failing test shows of its world: bounded, and without secrets."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, cast

from skyvern_testkit.fake.hindsight import in_hindsight
from skyvern_testkit.fake.journal import Entry, virtual_seconds
from skyvern_testkit.fake.redact import redact_json, redact_target, redact_text
from skyvern_testkit.faults import FaultRule
from skyvern_testkit.faults.webhooks import WebhookRule
from skyvern_testkit.script import Match, Miss, RunInput
from skyvern_testkit.script.actions import ActionRule
from skyvern_testkit.wire.http import Request
from skyvern_testkit.world.events import Effect, EffectDue
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import Advice, Change, Rule

if TYPE_CHECKING:
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["Part", "advice_of", "complaints", "render"]

LINES: Final = 40
"""The most of each section: the newest."""
WIDTH: Final = 300
BLOCKS: Final = 12
TRACEBACK: Final = 30


@dataclass(frozen=True, slots=True)
class Part:
    """What of a world a report is about: one organisation's, where several share the world.

    Args:
        organization_id: whose runs and rules.
        sent: was that request sent on its behalf?
        faults: the numbers of the faults that were planned for it.
    """

    organization_id: str
    sent: Callable[[Request], bool]
    faults: Collection[int]


@dataclass(frozen=True, slots=True)
class _View:
    """A world as far as a report is about it."""

    fake: InProcessSkyvern
    part: Part | None = None

    def entries(self, entries: Iterable[Entry]) -> list[Entry]:
        return [entry for entry in entries if self.part is None or self.part.sent(entry.request)]

    def has_run(self, run_id: str | None) -> bool:
        if self.part is None:
            return True
        run = self.fake.world.get(Run, run_id or "")
        return run is not None and run.organization_id == self.part.organization_id

    @property
    def rules(self) -> list[Rule]:
        """Those that are said for it; also, for a whole world, those of its fake."""
        rules = self.fake.world.rules
        if self.part is None:
            return list(rules)
        return [rule for rule in rules if rule.organization_id == self.part.organization_id]

    @property
    def action_rules(self) -> list[ActionRule]:
        """Likewise, of single actions."""
        rules = self.fake.world.action_rules
        if self.part is None:
            return list(rules)
        return [rule for rule in rules if rule.organization_id == self.part.organization_id]

    @property
    def unused_faults(self) -> list[FaultRule]:
        unused = self.fake.faults.unused()
        return [it for it in unused if self.part is None or it.number in self.part.faults]

    @property
    def unused_webhook_faults(self) -> list[WebhookRule]:
        unused = self.fake.webhook_faults.unused()
        if self.part is None:
            return unused
        return [rule for rule in unused if rule.organization_id == self.part.organization_id]

    @property
    def unmatched(self) -> list[tuple[RunInput, tuple[tuple[Rule, tuple[Miss, ...]], ...]]]:
        return [found for found in self.fake.world.unmatched if self.has_run(found[0].run_id)]

    @property
    def advice(self) -> list[Advice]:
        told = [*self.fake.world.advice, *in_hindsight(self.fake)]
        return [advice for advice in told if self._is_for_it(advice)]

    def _is_for_it(self, advice: Advice) -> bool:
        if self.part is None or advice.run_id is not None:
            return self.has_run(advice.run_id)
        return advice.organization_id == self.part.organization_id


def render(
    fake: InProcessSkyvern, *, besides: BaseException | None = None, part: Part | None = None
) -> str:
    """The report, section by section; a section with nothing in it is left out.

    Args:
        fake: whose world.
        besides: an error that is shown anyway.
        part: what of the world; None: all of it.
    """
    return "\n".join(_lines(_View(fake, part), besides))


def _lines(view: _View, besides: BaseException | None) -> Iterator[str]:
    fake, world, part = view.fake, view.fake.world, view.part
    elapsed = virtual_seconds(fake.front.now, world.epoch)
    entries, dropped = view.entries(fake.journal), fake.journal.dropped if part is None else 0
    total = len(entries) + dropped
    yield f"{elapsed:.3f} virtual seconds, {total} requests, seed {world.seed}"
    yield from _section("requests", list(_requests(entries)), dropped=dropped)
    yield from _section(
        "states of runs",
        [_change(fake, change) for change in world.changes if view.has_run(change.run_id)],
    )
    yield from _section(
        "effects", [it.line() for it in fake.journal.deliveries if view.has_run(it.run_id)]
    )
    yield from _section("effects not delivered", list(_undelivered(view)))
    yield from _section(
        "answers not delivered, their clients gone",
        [entry.line() for entry in view.entries(exchange.entry for exchange in fake.unread)],
    )
    yield from _section(
        "runs that no script was given to, and how near the rules came", list(_misses(view))
    )
    yield from _section("planned and never used", list(_unused(view)))
    yield from _section("advice", list(_advice(view)))
    shown = set(map(id, _chain(besides)))
    failures = fake.failures if part is None else ()
    for error in (error for error in failures if id(error) not in shown):
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


def _change(fake: InProcessSkyvern, change: Change) -> str:
    at = virtual_seconds(change.at, fake.world.epoch)
    return f"{at:>10.3f} s  {change.run_id}  {change.before} -> {change.after}  ({change.why})"


def _undelivered(view: _View) -> Iterator[str]:
    world, epoch = view.fake.world, view.fake.world.epoch
    for effect in (it for it in world.in_flight.values() if view.has_run(it.run.id)):
        yield f"{virtual_seconds(effect.at, epoch):>10.3f} s  {_named(effect)}: under way"
    for due, event in world.due_events():
        if isinstance(event, EffectDue) and view.has_run(event.effect.run.id):
            yield f"{virtual_seconds(due, epoch):>10.3f} s  {_named(event.effect)}: was still due"


def _named(effect: Effect) -> str:
    return f"{effect.kind} of {effect.run.id} to {redact_target(effect.url)}"


def _misses(view: _View) -> Iterator[str]:
    for run, misses in view.unmatched:
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


def _unused(view: _View) -> Iterator[str]:
    fake = view.fake
    for rule in view.rules:
        if not fake.world.rule_uses.get(rule.number):
            yield f"{_pattern(rule.match)}.play(...): {_why_unused(fake, rule)}"
    for answered in view.action_rules:
        if not fake.world.action_uses.get(answered.number):
            yield f"{redact_text(str(answered.match))}.answer(...): no action matched"
    for fault in view.unused_faults:
        yield f"{fault}: no call met it"
    for strike in view.unused_webhook_faults:
        yield f"{strike}: no webhook met it"
    if view.part is not None:
        return
    for said in fake.unplayed:
        yield f"{said.said_at}: {_pattern(said.match)} without .play(...): it does nothing"
    for asked in fake.unanswered:
        yield f"{asked.said_at}: {redact_text(str(asked.match))} without .answer(...): it does nothing"
    for plan in fake.faults.unfinished():
        what = ".answer(503), .slow(90) and the like"
        yield f"{plan.said_at}: {plan} without what goes wrong ({what}): it does nothing"
    for hook in fake.webhook_faults.unfinished():
        what = ".duplicate(), .delay(60) and the like"
        yield f"{hook.said_at}: {hook} without what goes wrong ({what}): it does nothing"


def _why_unused(fake: InProcessSkyvern, rule: Rule) -> str:
    """The rule said last wins, so one that matched may never have had its turn."""
    if rule.match.is_for_block:
        worked = (
            f"{block.label} ({block.block_type})"
            for run in fake.world.rows(Run, rule.organization_id)
            for block in run.blocks
        )
        names = list(dict.fromkeys(worked))[:BLOCKS]
        return f"no block matched (blocks that worked: {', '.join(names) or 'none'})"
    for run in fake.world.rows(Run):
        if rule.organization_id not in (None, run.organization_id):
            continue
        with contextlib.suppress(Exception):  # of a function in a pattern: it is told elsewhere
            if not rule.match.misses(run.input):
                return f"a rule said later won for {run.id}, which matches this one, too"
    return "no run matched"


def _advice(view: _View) -> Iterator[str]:
    for advice in view.advice:
        run = f"{advice.run_id}: " if advice.run_id else ""
        yield f"{advice.kind}: {run}{advice.text}"


def advice_of(fake: InProcessSkyvern, part: Part | None = None) -> list[Advice]:
    """What the real server would have accepted in silence, as far as that can be seen."""
    return _View(fake, part).advice


def complaints(fake: InProcessSkyvern, part: Part | None = None) -> list[str]:
    """What ``strict`` objects to: unused rules and faults, runs without a script, advice."""
    view = _View(fake, part)
    unscripted = [
        f"{_run(run)}: no rule matched; the nearest: "
        + "; ".join(
            f"{_pattern(rule.match)}: {'; '.join(map(_without_secrets, why))}"
            for rule, why in misses[:1]
        )
        for run, misses in view.unmatched
    ]
    return [*_unused(view), *unscripted, *_advice(view)]
