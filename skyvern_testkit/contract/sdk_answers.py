"""What the SDK makes of an answer: the class it declares, or the error class of its own table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

from skyvern_testkit.contract.answers import WrongAnswer
from skyvern_testkit.contract.outcome import Outcome
from skyvern_testkit.contractfiles import read_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyvern.client.core import ApiError

__all__ = ["check_error", "check_model", "due_error"]


def due_error(operation: str, status: int) -> str:
    """The class of error that the SDK raises there, by ``contracts/sdk_errors.json``."""
    table = read_contract("sdk_errors.json")
    if status in table["mapped"].get(operation, ()):
        return str(table["classes"][str(status)])
    return "ApiError"


def check_error(operation: str, outcome: Outcome, error: ApiError) -> None:
    """Hold an error of the SDK against the answer that it came from.

    Raises:
        WrongAnswer: it is of another class than its table says, or tells another status or body.
    """
    due = due_error(operation, outcome.status)
    if type(error).__name__ != due:
        raise WrongAnswer(
            f"{operation}: the SDK makes {type(error).__name__} of {outcome.status}, not {due}"
        )
    if error.status_code != outcome.status or error.body != outcome.json:
        raise WrongAnswer(f"{operation}: {due} does not tell what was answered: {error}")


def check_model(method: Callable[..., Any], outcome: Outcome) -> None:
    """Hold what a method returned against what it declares to return.

    Raises:
        WrongAnswer: it is no instance of that.
    """
    from pydantic import TypeAdapter, ValidationError

    declared: Any = get_type_hints(method)["return"]
    try:
        # instances are taken as they are, never built from something else
        TypeAdapter(declared).validate_python(outcome.model, strict=True)
    except ValidationError as error:
        raise WrongAnswer(
            f"{outcome.asked}: the SDK returned {type(outcome.model).__name__}, "
            f"and declares {declared}: {error}"
        ) from None
