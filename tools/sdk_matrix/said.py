"""What the process of a release says of each call."""

from dataclasses import dataclass

__all__ = ["Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of one call.

    Args:
        method: as the release names it.
        dialect: that the fake spoke.
        client: ``sync``, ``async`` or ``wrapper``.
        what: ``call``, or ``wrong`` for the one that is to be refused.
        outcome: ``passed``, or the class of the exception, with the status where it has one.
        due: what a call that is to be refused is to raise by the release's own code.
        detail: for people.
    """

    method: str
    dialect: str
    client: str
    what: str
    outcome: str
    due: str
    detail: str
