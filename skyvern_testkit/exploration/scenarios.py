"""A scenario: all that a world has in store for a client, as a value that can be drawn and printed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from skyvern_testkit.faults import FaultRule
from skyvern_testkit.faults import as_code as fault_code
from skyvern_testkit.script import After, CodeFound, RunScript
from skyvern_testkit.script.printing import as_code as script_code
from skyvern_testkit.strategies import RUN_TYPE_OF, every_move
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.wire.times import SECOND

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["Code", "Scenario", "plain_scenarios", "scenarios"]


@dataclass(frozen=True, slots=True)
class Code:
    """A second-factor code that somebody sends, so many virtual seconds after the world began."""

    seconds: float
    identifier: str
    code: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens in one world.

    Args:
        scripts: per ``run_type``, as on the wire, what its runs play: the first run the first
            script, and so on; of a run that is retried, the attempts.
        codes: second-factor codes, by whom a phone is.
        faults: what goes wrong with requests.
        seed: of the world.
    """

    scripts: tuple[tuple[str, tuple[RunScript, ...]], ...] = ()
    codes: tuple[Code, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    seed: int = 0

    def apply(self, fake: InProcessSkyvern) -> None:
        """Script a world with it; what is said here goes before what was said there."""
        for run_type, scripts in self.scripts:
            first, *others = scripts
            fake.on(run_type=run_type).play(first, *others)
        for code in self.codes:
            fake.totp.send_later(code.seconds, code.identifier, code.code)
        fake.faults.extend(self.faults)

    def lines(self) -> list[str]:
        """The statements that do what :meth:`apply` does; some have several lines."""
        return [
            *(_play_code(run_type, scripts) for run_type, scripts in self.scripts),
            *(
                f"fake.totp.send_later({code.seconds!r}, {code.identifier!r}, {code.code!r})"
                for code in self.codes
            ),
            *(f"fake.{fault_code(rule)}" for rule in self.faults),
        ]


def _play_code(run_type: str, scripts: tuple[RunScript, ...]) -> str:
    codes = [_shortly(script) for script in scripts]
    where = f'fake.on(run_type="{run_type}").play'
    line = f"{where}({', '.join(codes)})"
    if len(line) <= 96 and "\n" not in line:
        return line
    inner = "".join(f"    {code},\n".replace("\n", "\n    ")[:-4] for code in codes)
    return f"{where}(\n{inner})"


def _shortly(script: RunScript) -> str:
    """A script of one step is written as that step."""
    code = script_code(script)
    is_one_line = len(script.steps) == 1 and "\n" not in code
    return code.removeprefix("RunScript(")[:-1] if is_one_line else code


# --- each trouble by itself ---------------------------------------------------------------------------


def plain_scenarios(
    kinds: Collection[str],
    rules: Collection[FaultRule],
    *,
    totp: str | None,
    longest: float,
    hangs: bool,
) -> Iterator[Scenario]:
    """One history or one fault in a world that is otherwise without trouble.

    Args:
        kinds: of runs; each makes every move that is legal for it.
        rules: the faults.
        totp: as for :func:`~skyvern_testkit.strategies.every_move`, like the rest.
        longest: virtual seconds.
        hangs: also histories without an end.
    """
    histories = [
        [
            Scenario(scripts=((RUN_TYPE_OF[kind], (script,)),))
            for script in every_move(kind, totp=totp, longest=longest, hangs=hangs)
        ]
        for kind in kinds
    ]
    troubles = [Scenario(faults=(rule,)) for rule in rules]
    for together in zip_longest(
        *histories, troubles
    ):  # in turn, so that a small number sees of each
        yield from (scenario for scenario in together if scenario is not None)


# --- drawing -----------------------------------------------------------------------------------------

MOST_RUNS: Final = 3
BUDGET: Final = 900
"""Seconds for which a run looks for a code (facts: runs 9)."""


def scenarios(
    scripts: Mapping[str, SearchStrategy[RunScript]],
    faults: SearchStrategy[tuple[FaultRule, ...]],
) -> SearchStrategy[Scenario]:
    """Scenarios: what the runs do, codes that come in time, late or never, and faults.

    Args:
        scripts: what runs may do, per kind (as for ``run_scripts``).
        faults: plans of faults.

    Raises:
        KeyError: an unknown kind.
    """
    by_type = {RUN_TYPE_OF[kind]: strategy for kind, strategy in scripts.items()}
    return _scenarios(by_type, faults)


@st.composite
def _scenarios(
    draw: DrawFn,
    scripts: Mapping[str, SearchStrategy[RunScript]],
    faults: SearchStrategy[tuple[FaultRule, ...]],
) -> Scenario:
    played = tuple(
        (run_type, tuple(draw(st.lists(strategy, min_size=1, max_size=MOST_RUNS))))
        for run_type, strategy in scripts.items()
    )
    needs = [need for _, several in played for script in several for need in _needs(script)]
    codes = tuple(code for need in needs[:2] for code in draw(_codes(*need)))
    return Scenario(played, codes, draw(faults), draw(st.integers(0, 9)))


def _needs(script: RunScript) -> list[tuple[str, int]]:
    """The identifiers of its waits for codes, and the seconds at which a first run comes to them."""
    found: list[tuple[str, int]] = []
    at = 0
    for step in script.steps:
        match step.until:
            case After(nanoseconds):
                at += nanoseconds
            case CodeFound(str() as identifier):
                found.append((identifier, at // SECOND))
            case _:
                pass
    return found


def _codes(identifier: str, needed: int) -> SearchStrategy[list[Code]]:
    """Never, in time, or late; twice is a stale one first."""
    when = st.one_of(
        st.integers(needed, needed + 60),
        st.integers(needed, needed + BUDGET - 1),
        st.integers(needed + BUDGET, needed + 2 * BUDGET),
        st.integers(0, needed),
    )
    digits = st.integers(0, 999_999).map("{:06}".format)
    return st.lists(st.builds(Code, when, st.just(identifier), digits), max_size=2)
