"""The steps of a run script: immutable values that say what state, until when, with what to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final, cast

from skyvern_testkit.script.states import FINAL, State
from skyvern_testkit.script.triggers import CodeFound, Trigger, after, never
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = [
    "UNSET",
    "Download",
    "RunError",
    "Step",
    "Unset",
    "canceled",
    "completed",
    "created",
    "failed",
    "needs_totp",
    "paused",
    "queued",
    "running",
    "terminated",
    "timed_out",
]


class Unset:
    """The type of :data:`UNSET`: "the script does not say", where None is a value of its own."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"

    def __deepcopy__(self, memo: dict[int, Any]) -> Unset:
        return self


UNSET: Final = Unset()


@dataclass(frozen=True, slots=True)
class Download:
    """A file that a run downloads.

    Args:
        filename: its name; the server renames it in workflow runs (facts: runs 4).
        content: its bytes; a text is taken as UTF-8.
    """

    filename: str
    content: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.content, str):  # people write text for a CSV
            object.__setattr__(self, "content", self.content.encode())


@dataclass(frozen=True, slots=True)
class RunError:
    """One entry of a run's ``errors``: a code of the caller's ``error_code_mapping``.

    Args:
        code: the caller's own code; one that is not in the mapping is dropped (facts: runs 4).
        reasoning: why, as the model would say it; the run's failure reason if left out.
        confidence: 0 to 1.
    """

    code: str
    reasoning: str | None = None
    confidence: float = 1.0

    def __post_init__(self) -> None:
        _check_text("error_code", self.code)
        _check_text("reasoning", self.reasoning)


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of a run's life. Made by the functions of this module, not by hand."""

    state: State
    until: Trigger | None = None
    activity: str | None = None
    thought: str | None = None
    block: str | None = None
    output: Json | Unset = UNSET
    reason: str | None = None
    errors: tuple[RunError, ...] = ()
    downloads: tuple[Download, ...] = ()
    screenshot: bytes | None = field(default=None, repr=False)
    credits: int = 0

    def __post_init__(self) -> None:
        for name, text in (
            ("step", self.activity),
            ("thought", self.thought),
            ("block", self.block),
            ("reason", self.reason),
        ):
            _check_text(name, text)
        _check_picture(self.screenshot)
        if not isinstance(self.output, Unset):
            _check_json("output", self.output)

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


def _check_text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is a text, not {value!r}")


def _check_picture(value: object) -> None:
    if value is not None and not isinstance(value, bytes):
        raise TypeError(f"screenshot is the bytes of a PNG, not {value!r}")


def _check_json(where: str, value: Json) -> None:
    """Refuse here, where the script is written, what no answer can say later."""
    match value:
        case None | str() | int() | float():
            return
        case dict():
            for key, item in cast("JsonObject", value).items():
                _check_json(f"{where}[{key!r}]", item)
        case list() | tuple():
            for index, item in enumerate(cast("list[Json]", value)):
                _check_json(f"{where}[{index}]", item)
        case _:
            raise TypeError(
                f"{where} is {value!r}, which JSON has no word for: "
                "give texts, numbers, lists, dictionaries, True, False or None"
            )


def _trigger(seconds: float | None, until: Trigger | None, *, default: Trigger) -> Trigger:
    if seconds is not None and until is not None:
        raise ValueError("a step ends after seconds= or on until=, not both")
    if seconds is not None:
        return after(seconds)
    return until if until is not None else default


def _errors(
    errors: Iterable[RunError | str | Mapping[str, Any]], code: str | None, why: str | None
) -> tuple[RunError, ...]:
    found: list[RunError] = [RunError(code, why)] if code is not None else []
    for error in errors:
        match error:
            case RunError():
                found.append(error)
            case str():
                found.append(RunError(error, why))
            case Mapping():
                found.append(RunError(**error))
            case _:
                raise TypeError(
                    f"an entry of errors is a code, a RunError or a mapping, not {error!r}"
                )
    return tuple(found)


def _downloads(given: Iterable[Download | str] | Download | str) -> tuple[Download, ...]:
    """Files, of which one may stand alone, and an empty one be its name, as in YAML."""
    files = (given,) if isinstance(given, Download | str) else tuple(given)
    return tuple(map(_file, files))


def _file(given: object) -> Download:
    match given:
        case Download():
            return given
        case str():
            return Download(given)
        case _:
            raise TypeError(
                f"a download is a name or Download('a.csv', 'its content'), not {given!r}"
            )


def created(seconds: float | None = None, *, until: Trigger | None = None) -> Step:
    """The run is accepted and waits, ``created``, for so many virtual seconds (default 0)."""
    return Step(State.CREATED, _trigger(seconds, until, default=after(0)))


def queued(seconds: float | None = None, *, until: Trigger | None = None) -> Step:
    """The run waits in the queue for so many virtual seconds (default 0), or ``until=`` a trigger."""
    return Step(State.QUEUED, _trigger(seconds, until, default=after(0)))


def running(
    seconds: float | None = None,
    *,
    until: Trigger | None = None,
    step: str | None = None,
    thought: str | None = None,
    block: str | None = None,
    output: Json | Unset = UNSET,
    errors: Iterable[RunError | str | Mapping[str, Any]] = (),
    downloads: Iterable[Download | str] | Download | str = (),
    screenshot: bytes | None = None,
    credits: int = 0,
) -> Step:
    """The run works for so many virtual seconds (default 0), or ``until=`` a trigger.

    Args:
        seconds: virtual seconds.
        until: another trigger, such as ``polls(3)`` or ``signal("go")``; ``never()`` hangs.
        step: what the agent does, in words; it becomes an action in the timeline, a step in
            ``step_count`` and a screenshot.
        thought: what the agent thinks; shows in the timeline of a 2.0 task.
        block: label of the workflow block that works; default: the first that is not over.
        output: what the run's ``output`` shows from here on.
        errors: entries of the run's ``errors`` from here on.
        downloads: files that appear now: :class:`Download`, or the name of an empty one; one may stand alone.
        screenshot: PNG bytes of the page; default: a small picture of our own.
        credits: credits used in this step.

    Raises:
        ValueError: both ``seconds`` and ``until``, or a negative time.
    """
    return Step(
        State.RUNNING,
        _trigger(seconds, until, default=after(0)),
        activity=step,
        thought=thought,
        block=block,
        output=deepcopy(output),
        errors=_errors(errors, None, None),
        downloads=_downloads(downloads),
        screenshot=screenshot,
        credits=credits,
    )


def paused(seconds: float | None = None, *, until: Trigger | None = None) -> Step:
    """A workflow run waits for a human; without a time, for ever (or until its limits)."""
    return Step(State.PAUSED, _trigger(seconds, until, default=never()))


def needs_totp(identifier: str | None = None, *, step: str | None = None) -> Step:
    """The run needs a second-factor code and goes on when one is found.

    By the real server's rules (facts: runs 9): a seed of the run's credential answers at once; any
    other source is looked at after 10 s and then every 10 s; after 15 minutes the run is
    terminated with the error code ``OTP_TIMEOUT``. In a generator the code is what ``yield`` gives.

    Args:
        identifier: the ``totp_identifier`` that codes are sent under; default: the run's own sources.
        step: what the agent does meanwhile, in words.
    """
    _check_text("identifier", identifier)
    return Step(State.RUNNING, CodeFound(identifier), activity=step)


def completed(
    output: Json | Unset = UNSET,
    *,
    downloads: Iterable[Download | str] | Download | str = (),
    credits: int = 0,
) -> Step:
    """The run ends well.

    Args:
        output: its output; left out, what the real server would have given for the request.
        downloads: files that are there at the end.
        credits: credits used at the end.
    """
    return Step(
        State.COMPLETED, output=deepcopy(output), downloads=_downloads(downloads), credits=credits
    )


def _ended_badly(
    state: State,
    reason: str | None,
    error_code: str | None,
    errors: Iterable[RunError | str | Mapping[str, Any]],
    output: Json | Unset,
    downloads: Iterable[Download | str] | Download | str,
) -> Step:
    return Step(
        state,
        reason=reason,
        errors=_errors(errors, error_code, reason),
        output=deepcopy(output),
        downloads=_downloads(downloads),
    )


def failed(
    reason: str | None = None,
    *,
    error_code: str | None = None,
    errors: Iterable[RunError | str | Mapping[str, Any]] = (),
    output: Json | Unset = UNSET,
    downloads: Iterable[Download | str] | Download | str = (),
) -> Step:
    """The run fails.

    Args:
        reason: its ``failure_reason``; in a workflow run it is put into the server's sentence
            (``<block_type> block failed. failure reason: ...``).
        error_code: a code of the caller's ``error_code_mapping``; shorthand for one ``RunError``.
        errors: further entries.
        output: what was had before the end.
        downloads: files that are there at the end.
    """
    return _ended_badly(State.FAILED, reason, error_code, errors, output, downloads)


def terminated(
    reason: str | None = None,
    *,
    error_code: str | None = None,
    errors: Iterable[RunError | str | Mapping[str, Any]] = (),
    output: Json | Unset = UNSET,
    downloads: Iterable[Download | str] | Download | str = (),
) -> Step:
    """The agent decides to stop; arguments as for :func:`failed`."""
    return _ended_badly(State.TERMINATED, reason, error_code, errors, output, downloads)


def timed_out(reason: str | None = None, *, output: Json | Unset = UNSET) -> Step:
    """The run exceeds its time; without a reason it has the server's own sentence."""
    return _ended_badly(State.TIMED_OUT, reason, None, (), output, ())


def canceled() -> Step:
    """The run is canceled by somebody else than the client under test."""
    return Step(State.CANCELED)
