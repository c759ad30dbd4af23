"""Routes of the real server that the fake leaves alone, each with its reason.

None is in the server's public schema or in any release of the SDK. They are answered 501 with the
reason: never 404, which would say that the real server has no such route.

``[/api]`` and a ``[/]`` at the end stand for two spellings: with it and without.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

__all__ = ["DECLINED", "Declined"]


@dataclass(frozen=True, slots=True)
class Declined:
    """Routes that belong together, and why they are not served."""

    name: str
    reason: str
    written: str

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """Every spelling, as (method, path)."""
        return tuple(
            (method, spelling)
            for line in self.written.split("\n")
            if line.strip()
            for methods, path in [line.split()]
            for method in methods.split("|")
            for spelling in _spellings(path)
        )


def _spellings(path: str) -> list[str]:
    """A path with its optional parts, with and without each."""
    core = path.removeprefix("[/api]").removesuffix("[/]")
    roots = ("", "/api") if path.startswith("[/api]") else ("",)
    ends = ("", "/") if path.endswith("[/]") else ("",)
    return [root + core + end for root, end in product(roots, ends)]


_MODEL: Final = "a model answers there, and nothing a client does depends on what it says"
_UI: Final = "only Skyvern's own web application calls it"
_THIRD: Final = "it stands between Skyvern and another company's service"

DECLINED: Final[tuple[Declined, ...]] = (
    Declined(
        "reading_the_document",
        "it is a page that loads its program from elsewhere; the document is at /openapi.json",
        """
        GET|HEAD /docs
        GET|HEAD /docs/oauth2-redirect
        GET|HEAD /redoc
        """,
    ),
    Declined(
        "copilot",
        _UI,
        """
        POST /v1/workflow/copilot/chat-audio
        POST /v1/workflow/copilot/chat-post
        GET  /v1/workflow/copilot/chats
        GET  /v1/workflow/copilot/chat-history
        POST /v1/workflow/copilot/question-response
        POST /v1/workflow/copilot/credential-deletion
        POST /v1/workflow/copilot/steer
        POST /v1/workflow/copilot/message-feedback
        POST /v1/workflow/copilot/cancel
        POST /v1/workflow/copilot/credential-response
        POST /v1/workflow/copilot/credential-generate
        POST /v1/workflow/copilot/clear-proposed-workflow
        POST /v1/workflow/copilot/disable-auto-accept
        POST /v1/workflow/copilot/apply-proposed-workflow
        POST /v1/workflow/copilot/suggest-goal
        POST /v1/workflow/copilot/convert-yaml-to-blocks
        """,
    ),
    Declined(
        "debug_sessions",
        _UI,
        """
        POST /v1/debug-session/prewarm
        GET  /v1/debug-session/{workflow_permanent_id}/viewer-state
        GET  /v1/debug-session/{workflow_permanent_id}
        POST /v1/debug-session/{workflow_permanent_id}/new
        GET  /v1/debug-session/{workflow_permanent_id}/block-outputs
        GET  /v1/debug-session/{workflow_permanent_id}/login-block-compatibility
        GET  /v1/debug-session/{debug_session_id}/runs[/]
        """,
    ),
    Declined(
        "writing_with_a_model",
        _MODEL,
        """
        POST /v1/workflows/create-from-prompt
        POST /v1/prompts/generate-workflow-title
        POST /v1/prompts/summarize-output
        POST /api/v1/workflows/sop-to-blocks[/]
        POST /api/v1/workflows/import-pdf[/]
        POST /api/v1/utilities/curl-to-http[/]
        POST /api/v1/suggest/{ai_suggestion_type}[/]
        POST /api/v1/generate/task[/]
        POST /v1/scripts/{workflow_permanent_id}/review[/]
        """,
    ),
    Declined(
        "programs",
        "it reads the program of a script for its blocks, and the fake runs no programs",
        """
        POST /v1/scripts/{workflow_permanent_id}/deploy_cached/
        """,
    ),
    Declined(
        "recording_a_browser",
        "it needs a browser that somebody works in",
        """
        POST /v1/browser_sessions/external[/]
        POST /v1/browser_sessions/{browser_session_id}/process_recording
        DELETE /v1/browser_recordings/{recording_id}
        GET  /v1/workflows/{workflow_permanent_id}/versions/{version}/recording
        POST /v1/run/workflows/blocks
        """,
    ),
    Declined(
        "trying_a_login",
        "it needs a browser and a model",
        """
        POST /v1/credentials/test-login[/]
        POST /v1/credentials/{credential_id}/test[/]
        GET  /v1/credentials/{credential_id}/test/{workflow_run_id}[/]
        POST /v1/credentials/{credential_id}/test/{workflow_run_id}/cancel[/]
        """,
    ),
    Declined(
        "feedback_and_healing",
        _UI,
        """
        GET|POST /v1/feedback
        GET  /v1/workflows/{workflow_permanent_id}/heal_episodes
        GET  /v1/runs/{workflow_run_id}/heal_episodes
        POST /v1/runs/heal_summary/batch
        GET  /v1/workflows/{workflow_permanent_id}/reliability
        POST /v1/workflows/reliability/batch
        """,
    ),
    Declined(
        "inside",
        _UI,
        """
        GET  [/api]/v1/config/runtime
        POST [/api]/v1/ui-session
        POST [/api]/v1/internal/test-webhook
        GET|POST [/api]/v1/internal/runs/{run_id}/test-webhook
        GET  [/api]/v1/internal/llms/status
        GET  /api/v2/internal/llms/status
        """,
    ),
    Declined(
        "workflow_run_groups",
        "many runs as one, in the making: no release of the SDK knows it, and what becomes of a group "
        "depends on how many runs a server lets work at a time",
        """
        POST [/api]/v1/workflow_run_groups
        GET  [/api]/v1/workflow_run_groups/{workflow_run_group_id}
        POST [/api]/v1/workflow_run_groups/{workflow_run_group_id}/cancel
        """,
    ),
    Declined(
        "google",
        _THIRD,
        """
        POST [/api]/v1/google/oauth/authorize
        POST [/api]/v1/google/oauth/callback
        GET|PUT|DELETE [/api]/v1/google/oauth/config
        GET  [/api]/v1/google/oauth/credentials
        PATCH|DELETE [/api]/v1/google/oauth/credentials/{credential_id}
        GET|POST [/api]/v1/google/sheets/spreadsheets
        GET  [/api]/v1/google/sheets/spreadsheets/{spreadsheet_id}
        GET|POST [/api]/v1/google/sheets/spreadsheets/{spreadsheet_id}/tabs
        GET  [/api]/v1/google/sheets/spreadsheets/{spreadsheet_id}/headers
        GET  [/api]/v1/google/sheets/spreadsheets/{spreadsheet_id}/dimensions
        """,
    ),
    Declined(
        "microsoft",
        _THIRD,
        """
        POST [/api]/v1/microsoft/oauth/authorize
        POST [/api]/v1/microsoft/oauth/callback
        GET  [/api]/v1/microsoft/oauth/credentials
        PATCH|DELETE [/api]/v1/microsoft/oauth/credentials/{credential_id}
        """,
    ),
    Declined(
        "telephones",
        _THIRD,
        """
        POST [/api]/v1/sms/inbound/{sms_config_id}
        POST [/api]/v1/integrations/twilio/phone-numbers/enable
        GET|POST|DELETE [/api]/v1/integrations/twilio/credentials
        GET  [/api]/v1/integrations/twilio/phone-number-registry
        GET  [/api]/v1/integrations/twilio/phone-numbers
        POST [/api]/v1/integrations/twilio/phone-numbers/disable
        GET|POST [/api]/v1/integrations/twilio/sms-configs
        DELETE [/api]/v1/integrations/twilio/sms-configs/{sms_config_id}
        POST [/api]/v1/integrations/twilio/sms-configs/{sms_config_id}/phone-numbers
        """,
    ),
)
