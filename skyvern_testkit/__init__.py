"""A fake Skyvern for tests: in memory, scripted, on virtual time.

>>> with fake_skyvern() as fake:
...     fake.on(prompt="*invoice*").play(failed("Login wall"), completed({"total": 12.5}))
...     client = fake.client()

pytest imports this package in every suite of every project that has it installed, so nothing is
imported here before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skyvern_testkit.clock import ClockError as ClockError
    from skyvern_testkit.clock import Deadlock as Deadlock
    from skyvern_testkit.clock import HeldTooLong as HeldTooLong
    from skyvern_testkit.clock import VirtualTimeExceeded as VirtualTimeExceeded
    from skyvern_testkit.control.remote import CannotTravel as CannotTravel
    from skyvern_testkit.control.remote import RemoteSkyvern as RemoteSkyvern
    from skyvern_testkit.control.remote import remote_skyvern as remote_skyvern
    from skyvern_testkit.exploration.counterexample import Counterexample as Counterexample
    from skyvern_testkit.exploration.exploring import explore as explore
    from skyvern_testkit.fake.fake import FakeSkyvern as FakeSkyvern
    from skyvern_testkit.fake.fake import TooManyRequests as TooManyRequests
    from skyvern_testkit.fakefiles import FakeNotFound as FakeNotFound
    from skyvern_testkit.script import Download as Download
    from skyvern_testkit.script import IllegalMove as IllegalMove
    from skyvern_testkit.script import RunError as RunError
    from skyvern_testkit.script import RunInput as RunInput
    from skyvern_testkit.script import RunScript as RunScript
    from skyvern_testkit.script import ScriptError as ScriptError
    from skyvern_testkit.script import State as State
    from skyvern_testkit.script import after as after
    from skyvern_testkit.script import canceled as canceled
    from skyvern_testkit.script import completed as completed
    from skyvern_testkit.script import created as created
    from skyvern_testkit.script import failed as failed
    from skyvern_testkit.script import needs_totp as needs_totp
    from skyvern_testkit.script import never as never
    from skyvern_testkit.script import paused as paused
    from skyvern_testkit.script import polls as polls
    from skyvern_testkit.script import queued as queued
    from skyvern_testkit.script import run_reaches as run_reaches
    from skyvern_testkit.script import running as running
    from skyvern_testkit.script import session_closed as session_closed
    from skyvern_testkit.script import signal as signal
    from skyvern_testkit.script import terminated as terminated
    from skyvern_testkit.script import timed_out as timed_out
    from skyvern_testkit.script import webhook_answered as webhook_answered
    from skyvern_testkit.script.fakefile import FakeFileError as FakeFileError
    from skyvern_testkit.script.fakefile import parse_script as parse_script
    from skyvern_testkit.script.printing import as_code as as_code
    from skyvern_testkit.script.printing import as_yaml as as_yaml
    from skyvern_testkit.transport.inprocess import InProcessSkyvern as InProcessSkyvern
    from skyvern_testkit.transport.interception import RealSkyvernRefused as RealSkyvernRefused
    from skyvern_testkit.transport.opening import fake_skyvern as fake_skyvern
    from skyvern_testkit.transport.resources import Resource as Resource
    from skyvern_testkit.transport.verdict import StrictFailure as StrictFailure
    from skyvern_testkit.transport.webhooks import WebhookRequest as WebhookRequest
    from skyvern_testkit.transport.webhooks import Webhooks as Webhooks
    from skyvern_testkit.transport.webhooks import sign_webhook as sign_webhook
    from skyvern_testkit.transport.webhooks import verify_webhook as verify_webhook
    from skyvern_testkit.wire.operations import UnknownOperation as UnknownOperation
    from skyvern_testkit.world.advice import SkyvernAdvice as SkyvernAdvice
    from skyvern_testkit.world.world import Timing as Timing

_HOMES = {
    "clock": ("ClockError", "Deadlock", "HeldTooLong", "VirtualTimeExceeded"),
    "control.remote": ("CannotTravel", "RemoteSkyvern", "remote_skyvern"),
    "exploration.counterexample": ("Counterexample",),
    "exploration.exploring": ("explore",),
    "fake.fake": ("FakeSkyvern", "TooManyRequests"),
    "fakefiles": ("FakeNotFound",),
    "script": (
        "Download",
        "IllegalMove",
        "RunError",
        "RunInput",
        "RunScript",
        "ScriptError",
        "State",
        "after",
        "canceled",
        "completed",
        "created",
        "failed",
        "needs_totp",
        "never",
        "paused",
        "polls",
        "queued",
        "run_reaches",
        "running",
        "session_closed",
        "signal",
        "terminated",
        "timed_out",
        "webhook_answered",
    ),
    "script.fakefile": ("FakeFileError", "parse_script"),
    "script.printing": ("as_code", "as_yaml"),
    "transport.inprocess": ("InProcessSkyvern",),
    "transport.interception": ("RealSkyvernRefused",),
    "transport.opening": ("fake_skyvern",),
    "transport.resources": ("Resource",),
    "transport.verdict": ("StrictFailure",),
    "transport.webhooks": ("WebhookRequest", "Webhooks", "sign_webhook", "verify_webhook"),
    "wire.operations": ("UnknownOperation",),
    "world.advice": ("SkyvernAdvice",),
    "world.world": ("Timing",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CannotTravel",
    "ClockError",
    "Counterexample",
    "Deadlock",
    "Download",
    "FakeFileError",
    "FakeNotFound",
    "FakeSkyvern",
    "HeldTooLong",
    "IllegalMove",
    "InProcessSkyvern",
    "RealSkyvernRefused",
    "RemoteSkyvern",
    "Resource",
    "RunError",
    "RunInput",
    "RunScript",
    "ScriptError",
    "SkyvernAdvice",
    "State",
    "StrictFailure",
    "Timing",
    "TooManyRequests",
    "UnknownOperation",
    "VirtualTimeExceeded",
    "WebhookRequest",
    "Webhooks",
    "after",
    "as_code",
    "as_yaml",
    "canceled",
    "completed",
    "created",
    "explore",
    "failed",
    "fake_skyvern",
    "needs_totp",
    "never",
    "parse_script",
    "paused",
    "polls",
    "queued",
    "remote_skyvern",
    "run_reaches",
    "running",
    "session_closed",
    "sign_webhook",
    "signal",
    "terminated",
    "timed_out",
    "verify_webhook",
    "webhook_answered",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
