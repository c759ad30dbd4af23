"""What may go wrong on purpose: which call, how often, and in which of the ways of a real server."""

from skyvern_testkit.faults.catalogue import (
    AnswerWith,
    Damage,
    EmptyBody,
    Fault,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
)
from skyvern_testkit.faults.faults import FaultRule, Faults
from skyvern_testkit.faults.printing import as_code

__all__ = [
    "AnswerWith",
    "Damage",
    "EmptyBody",
    "Fault",
    "FaultRule",
    "Faults",
    "MalformedBody",
    "NeverAnswer",
    "ResetConnection",
    "Slow",
    "as_code",
]
