"""Second-factor codes, sent by the test: now, or later on the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["TotpCodes"]


class TotpCodes:
    """``fake.totp``: what a phone or a mailbox would send to Skyvern, without HTTP.

    Args:
        do: does an operation with that body.
        later: calls a function after so many seconds.
    """

    def __init__(
        self,
        do: Callable[[str, dict[str, Any]], Any],
        later: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._do, self._later = do, later

    def send(
        self,
        identifier: str,
        code: str,
        *,
        task_id: str | None = None,
        workflow_id: str | None = None,
        workflow_run_id: str | None = None,
        source: str | None = None,
    ) -> str:
        """Send a code now, as the SDK's ``send_totp_code`` does.

        Args:
            identifier: the ``totp_identifier`` that a run looks for.
            code: the code, or a message that holds one.
            task_id: only for this task.
            workflow_id: only for runs of this workflow.
            workflow_run_id: only for this run.
            source: where it came from (``email``, ``phone``).

        Returns:
            the id of the stored code.

        Raises:
            ValueError: the server would refuse it.
        """
        body: dict[str, Any] = {
            "totp_identifier": identifier,
            "content": code,
            "task_id": task_id,
            "workflow_id": workflow_id,
            "workflow_run_id": workflow_run_id,
            "source": source,
        }
        return str(self._do("send_totp_code", body)["totp_code_id"])

    def send_later(self, seconds: float, identifier: str, code: str, **only_for: Any) -> None:
        """Send a code after so many virtual seconds, while the client does something else.

        Args:
            seconds: from now.
            identifier: as in :meth:`send`.
            code: as in :meth:`send`.
            only_for: the further arguments of :meth:`send`.

        Raises:
            ValueError: a negative number of seconds.
        """
        self._later(seconds, lambda: self.send(identifier, code, **only_for))
