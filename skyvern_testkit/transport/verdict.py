"""What went wrong in a test behind the back of its code, and must come out all the same."""

from __future__ import annotations

import inspect
import warnings
from abc import abstractmethod
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Final

from skyvern_testkit.fake.redact import redact_text
from skyvern_testkit.transport.interception import RealSkyvernRefused
from skyvern_testkit.world.advice import SkyvernAdvice, in_full
from skyvern_testkit.world.world import Advice

__all__ = ["StrictFailure", "Verdict"]

MOST_FAILURES: Final = 10
"""Further ones say nothing new."""

_EXPECTED: Final = (
    "The code under test went on after this. A test that expects it says so: fake.forgive()"
)


class StrictFailure(AssertionError):
    """``strict=True``: something was planned and not used, or not planned and used."""


class Verdict:
    """The failures of a fake's test, and which of them have come out.

    Args:
        strict: what is odd fails the test too.
    """

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self._raised_elsewhere: list[BaseException] = []
        self._told: list[BaseException] = []
        self._was_verified = False
        self._warned_of: set[Advice] = set()

    @property
    @abstractmethod
    def failures(self) -> list[BaseException]:
        """All that was raised, whether or not the client saw it."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """What ``strict`` objects to, one line each."""

    @abstractmethod
    def report(self, *, besides: BaseException | None = None) -> str:
        """What happened, for people."""

    @property
    @abstractmethod
    def advice(self) -> list[Advice]:
        """What the real server would have accepted in silence."""

    def refused(self, error: RealSkyvernRefused) -> None:
        """A request was stopped that would have left for the real Skyvern.

        It fails the test also if the code under test swallows the error.
        """
        if len(self._raised_elsewhere) < MOST_FAILURES:  # a client may try for ever
            self._raised_elsewhere.append(error)

    def forgive(self, *errors: BaseException) -> None:
        """These failures are known, so they do not fail the test any more; none given: all there are."""
        self._told += errors or self.failures

    def forgive_caught_in(self, function: Callable[..., object]) -> None:
        """Refused requests whose error came out of the code under test, as far as into the test.

        Args:
            function: the test.
        """
        code: CodeType | None = getattr(inspect.unwrap(function), "__code__", None)
        if code is None:
            return
        inside = code.co_qualname + ".<locals>."
        for error in self.failures:
            frame = _caught_in(error)
            if (
                frame is not None
                and frame.f_code.co_filename == code.co_filename
                and f"{frame.f_code.co_qualname}.<locals>.".startswith(inside)
            ):
                self.forgive(error)

    def verify(self) -> None:
        """Raise what the code under test has swallowed; with ``strict``, also name what is odd.

        Advice is a warning, each once: a :class:`SkyvernAdvice`.

        Raises:
            BaseException: the first failure that has not come out yet, with its own traceback.
            StrictFailure: see :meth:`complaints`.
        """
        untold = [
            error
            for error in self.failures
            if not _is_among(error, self._told) and not _is_running(_caught_in(error))
        ]
        if untold:
            self.forgive(*untold)
            for other in untold[1:]:
                untold[0].add_note(f"and another one: {other!r}")
            if isinstance(untold[0], RealSkyvernRefused):
                untold[0].add_note(_EXPECTED)
            raise untold[0]
        if self.strict and not self._was_verified:
            self._was_verified = True
            if found := self.complaints():
                raise StrictFailure("strict=True:\n" + "\n".join(f"- {line}" for line in found))
        self._warn()

    def _warn(self) -> None:
        for advice in self.advice:
            if advice not in self._warned_of:
                self._warned_of.add(advice)
                warnings.warn(redact_text(in_full(advice)), SkyvernAdvice, stacklevel=3)


def _caught_in(error: BaseException) -> FrameType | None:
    """Where the error of a refused request got to; whatever else went wrong fails the test anyway."""
    if not isinstance(error, RealSkyvernRefused) or error.__traceback__ is None:
        return None
    return error.__traceback__.tb_frame


def _is_running(wanted: FrameType | None) -> bool:
    """Is it among those who called: who has the fake open, and caught the error itself?"""
    frame = inspect.currentframe() if wanted is not None else None
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is not None


def _is_among(error: BaseException, errors: list[BaseException]) -> bool:
    return any(error is other for other in errors)
