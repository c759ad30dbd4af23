"""Magic inputs: what a client without a control channel can say inside its own requests.

One table, :data:`SPELLS`, and five places to say a row of it: ``[testkit: failed "Login wall"]`` in a
prompt, a title or a text parameter of a workflow, ``https://failed.skyvern-testkit.example/?reason=Login+wall``
as the page, and ``failed@skyvern-testkit.example`` as the ``totp_identifier``. The domain is reserved
(RFC 2606), so nobody's requests mean it by accident. A rule of the test wins over magic.

``docs/magic.md`` is made of the table.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from skyvern_testkit.script import (
    UNSET,
    Download,
    Family,
    RunInput,
    RunScript,
    Step,
    canceled,
    completed,
    failed,
    family_of,
    needs_totp,
    never,
    paused,
    queued,
    running,
    terminated,
    timed_out,
)
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.http import Headers
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.world.world import World

__all__ = ["DOMAIN", "SPELLS", "Said", "Spell", "magic_script", "said_in", "strike_read"]

DOMAIN: Final = "skyvern-testkit.example"
LIFE: Final = 5.0
"""Seconds of work of a run that says no ``after``."""

_MARK: Final = re.compile(r"\[testkit:([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Said:
    """A row's name and its arguments, as texts."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])

    def number(self, name: str, default: float) -> float:
        """An argument that is a number, 0 or more.

        Raises:
            ValueError: it is none.
        """
        value = float(self.arguments.get(name, default))
        if not 0 <= value < float("inf"):
            raise ValueError(f"{name} is a number, 0 or more, not {value}")
        return value


@dataclass(frozen=True, slots=True)
class Spell:
    """A row of the table.

    Args:
        does: what a client sees.
        takes: its arguments, the first one may be said without its name.
        steps: what the run plays.
        refuses: the status with which the request that starts the run is answered, ``times`` times.
        on_read: the status with which the ``nth`` read of the run is answered, ``times`` times.
        family: the only kind of run that it is for.
    """

    does: str
    takes: tuple[str, ...] = ()
    steps: Callable[[Said, RunInput], tuple[Step, ...]] = lambda said, _: (
        running(said.number("after", LIFE)),
        completed(),
    )
    refuses: int | None = None
    on_read: int | None = None
    family: Family | None = None


def _output(said: Said) -> Json:
    text = said.arguments.get("output")
    if text is None:
        return UNSET
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(
            f"output is JSON, in single quotes where it has double ones of its own "
            f"(output='{{\"n\": 3}}'), and not {text}"
        ) from None


Steps = Callable[[Said, RunInput], tuple[Step, ...]]


def _ends(end: Callable[[Said], Step], life: float = LIFE) -> Steps:
    return lambda said, _: (running(said.number("after", life)), end(said))


def _for_ever(step: Step) -> Steps:
    return lambda _said, _run: (step,)


def _bad(end: Callable[..., Step]) -> Steps:
    return _ends(
        lambda said: end(said.arguments.get("reason"), error_code=said.arguments.get("code"))
    )


def _unreachable(said: Said, run: RunInput) -> tuple[Step, ...]:
    why = f"Failed to navigate to URL. URL:{run.url}, Error:net::ERR_NAME_NOT_RESOLVED"
    return running(said.number("after", 11)), failed(why)


def _code_then_done(said: Said, _: RunInput) -> tuple[Step, ...]:
    return running(3), needs_totp(said.arguments.get("identifier")), running(3), completed()


def _downloads(said: Said, _: RunInput) -> tuple[Step, ...]:
    file = Download(said.arguments.get("filename", "download.csv"), b"a,b\n1,2\n")
    return running(said.number("after", LIFE)), completed(downloads=[file])


SPELLS: Final[Mapping[str, Spell]] = {
    # --- endings --------------------------------------------------------------------------
    "completed": Spell(
        "completes, with `output` if it is given: JSON, such as `output='{\"n\": 3}'`",
        ("output", "after"),
        _ends(lambda said: completed(_output(said))),
    ),
    "failed": Spell("fails", ("reason", "code", "after"), _bad(failed)),
    "terminated": Spell("is terminated", ("reason", "code", "after"), _bad(terminated)),
    "timed_out": Spell("exceeds its time", ("after",), _ends(lambda _: timed_out())),
    "canceled": Spell("is canceled by somebody else", ("after",), _ends(lambda _: canceled())),
    "unreachable": Spell("fails after 11 s: its page cannot be opened", ("after",), _unreachable),
    "fails_once": Spell(
        "fails; the next run (or attempt) that says the same completes", ("reason", "after")
    ),
    # --- time -----------------------------------------------------------------------------
    "slow": Spell("completes after 25 minutes", ("after",), _ends(lambda _: completed(), 1500)),
    "never_ends": Spell("works for ever", (), _for_ever(running(until=never()))),
    "stays_queued": Spell("never begins its work", (), _for_ever(queued(until=never()))),
    "paused": Spell(
        "waits for a person for ever, or for so many seconds",
        ("after",),
        lambda said, _: (
            running(1),
            paused(said.number("after", 0)) if "after" in said.arguments else paused(),
            running(1),
            completed(),
        ),
        family=Family.WORKFLOW,
    ),
    # --- what it needs and leaves ---------------------------------------------------------
    "needs_totp": Spell(
        "needs a code sent to `identifier` (or to the run's own sources), then completes; "
        "without one it is terminated with OTP_TIMEOUT after 15 minutes",
        ("identifier",),
        _code_then_done,
    ),
    "downloads": Spell("completes with a file, a small table", ("filename", "after"), _downloads),
    # --- errors of HTTP -------------------------------------------------------------------
    "rate_limited": Spell(
        "its start is answered 429 with Retry-After, so many `times`; the next try works",
        ("times", "retry_after"),
        refuses=429,
    ),
    "unavailable": Spell(
        "its start is answered 503 with Retry-After, so many `times`; the next try works",
        ("times", "retry_after"),
        refuses=503,
    ),
    "no_credits": Spell("its start is answered 402", ("times",), refuses=402),
    "poll_429": Spell(
        "the `nth` read of it (2) is answered 429 with Retry-After, so many `times` in a row",
        ("nth", "times", "retry_after"),
        on_read=429,
    ),
    "poll_500": Spell(
        "the `nth` read of it (2) is answered 500, so many `times` in a row",
        ("nth", "times"),
        on_read=500,
    ),
    "poll_503": Spell(
        "the `nth` read of it (2) is answered 503, so many `times` in a row",
        ("nth", "times", "retry_after"),
        on_read=503,
    ),
}
"""By name. In a URL's host ``-`` stands for ``_``. Every count of ``times`` is 1 if it is not given."""


# --- what is said -------------------------------------------------------------------------------


def said_in(run: RunInput) -> Said | None:
    """What of the table a request for a run says, if anything.

    Raises:
        Refusal: 400, something that is no row, or arguments that it does not take.
    """
    for text in _texts(run):
        mark = _MARK.search(text)
        if mark is not None:
            return _of_mark(mark[1])
    parts = urlsplit(run.url or "")
    host = parts.hostname or ""
    if host.endswith(f".{DOMAIN}"):
        word = host.removesuffix(f".{DOMAIN}").replace("-", "_")
        return _checked(Said(word, dict(parse_qsl(parts.query))))
    name, _, domain = (run.totp_identifier or "").partition("@")
    if domain.lower() == DOMAIN:
        return _checked(Said(name.lower().replace("-", "_")))
    return None


def _texts(run: RunInput) -> Iterator[str]:
    values = (run.prompt, run.title, run.workflow_title, *run.parameters.values())
    return (value for value in values if isinstance(value, str))


def _of_mark(text: str) -> Said:
    try:
        name, *words = shlex.split(text)
    except ValueError as error:
        raise _refused(f"cannot read [testkit:{text}]: {error}") from None
    if name not in SPELLS:
        return _checked(Said(name))
    takes = SPELLS[name].takes
    arguments: dict[str, str] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if sign and key.isidentifier():
            arguments[key] = value
        elif takes and takes[0] not in arguments:
            arguments[takes[0]] = word
        else:
            raise _refused(f"{name} cannot take {word!r}")
    return _checked(Said(name, arguments))


def _checked(said: Said) -> Said:
    spell = SPELLS.get(said.name)
    if spell is None:
        near = get_close_matches(said.name, SPELLS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise _refused(f"there is no {said.name!r}.{hint} There are: {', '.join(SPELLS)}")
    for name in said.arguments:
        if name not in spell.takes:
            takes = ", ".join(spell.takes) or "nothing"
            raise _refused(f"{said.name} takes {takes}, not {name!r}")
    return said


def _refused(text: str) -> Refusal:
    return Refusal(400, f"skyvern-testkit, magic inputs: {text}")


# --- what it does ---------------------------------------------------------------------------------


def magic_script(world: World, run: RunInput, organization_id: str) -> RunScript | None:
    """The script of a run whose request says something of the table; None: it says nothing.

    Args:
        world: the run's world; one with ``magic=False`` hears nothing.
        run: what was asked of it.
        organization_id: whose run it is: each counts for itself.

    Raises:
        Refusal: the row refuses the request, or there is no such row.
    """
    said = said_in(run) if world.magic else None
    if said is None:
        return None
    spell = SPELLS[said.name]
    if spell.family not in (None, family_of(run.run_type)):
        raise _refused(f"{said.name} is for {spell.family}s only, not for {run.run_type}")
    try:
        uses = _count(world, said, organization_id)
        if spell.refuses is not None and uses <= said.number("times", 1) and run.attempt == 1:
            raise _no(spell.refuses, said)
        if said.name == "fails_once" and uses == 1:
            return RunScript(*_bad(failed)(said, run))
        return RunScript(*spell.steps(said, run))
    except ValueError as error:
        raise _refused(f"{said.name}: {error}") from None


def _count(world: World, said: Said, organization_id: str) -> int:
    told = " ".join(f"{name}={value}" for name, value in sorted(said.arguments.items()))
    key = f"{organization_id} {said.name} {told}"
    world.magic_uses[key] = world.magic_uses.get(key, 0) + 1
    return world.magic_uses[key]


def strike_read(world: World, run: RunInput, script: object) -> None:
    """A read of a run: some rows refuse the nth.

    Args:
        world: the run's world.
        run: what was asked of it.
        script: what it plays: a rule of the test wins here, too.

    Raises:
        Refusal: this is the read.
    """
    if not world.magic:
        return
    said = said_in(run)
    spell = SPELLS[said.name] if said is not None else None
    if said is None or spell is None or spell.on_read is None:
        return
    if script != RunScript(*spell.steps(said, run)):
        return
    world.magic_uses[run.run_id] = nth = world.magic_uses.get(run.run_id, 0) + 1
    first = said.number("nth", 2)
    if first <= nth < first + said.number("times", 1):
        raise _no(spell.on_read, said)


_DETAILS: Final[Mapping[int, str]] = {
    402: "Payment Required",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def _no(status: int, said: Said) -> Refusal:
    """A refusal in plain words: what the real server says here was never recorded."""
    headers: Headers = ()
    if status in (429, 503):
        headers = (("retry-after", f"{said.number('retry_after', 1):g}"),)
    return Refusal(status, _DETAILS[status], headers=headers)
