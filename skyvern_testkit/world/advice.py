"""What the real server accepts in silence, and what a test's author would want to know: one table.

``docs/advice.md`` is made of it (``tools/advice_page.py``). A row says what is told of the case at
hand, the fact behind it, and what to do instead; nothing else in the kit words an advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from skyvern_testkit.world.world import Advice, World

__all__ = ["KINDS", "UNSEEN", "Kind", "SkyvernAdvice", "advice_on", "advise", "in_full"]


class SkyvernAdvice(UserWarning):
    """Something that the real server accepts in silence, told at the end of a test.

    ``filterwarnings = ignore::skyvern_testkit.SkyvernAdvice`` is for those who know;
    ``strict=True`` makes all of it failures.
    """


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of advice.

    Args:
        text: what is told, with ``{names}`` for what is the case.
        fact: what the real server does.
        source: where that is from.
        instead: what to do.
    """

    text: str
    fact: str
    source: str
    instead: str


KINDS: Final[Mapping[str, Kind]] = {
    # --- what was asked for ---------------------------------------------------------------
    "parameter_ignored": Kind(
        "{operation} of Skyvern {release} ignores {name!r} in silence",
        "A release takes fields and query parameters of other releases, and does not read them.",
        "the table of dialects",
        "Speak the release that your server has, or leave the field out.",
    ),
    "parameter_unknown": Kind(
        "{operation} has no {name!r}, so the server does not read it{near}",
        "Requests may hold any field; those that no model has are dropped without a word.",
        "facts: runs 5; recorded",
        "Correct the name.",
    ),
    "workflow_parameter_unknown": Kind(
        "workflow {workflow} has no parameter {name!r} (it has: {known}), so the value is dropped",
        "A run takes parameters that its workflow does not declare, and ignores them.",
        "facts: runs 5",
        "Declare the parameter in the workflow, or correct its name.",
    ),
    "credential_missing": Kind(
        "workflow {workflow} declares the credential parameter {name!r}, and the run has none",
        "A missing credential_id parameter is accepted; the run goes on without a credential.",
        "facts: runs 5",
        "Pass the id of a credential, or give the parameter a default_value.",
    ),
    "prompt_empty": Kind(
        "the prompt is empty",
        "An empty prompt is accepted: the agent works without a goal, and every step costs.",
        "facts: runs 5",
        "Check the prompt before it is sent.",
    ),
    "max_steps_zero": Kind(
        "max_steps is 0, which the server takes for its default ({default})",
        "A limit of 0 is no limit of the caller's: it is read as if it had been left out.",
        "facts: runs 5",
        "Send 1 or more.",
    ),
    "run_with_unknown": Kind(
        "run_with={asked!r} is no runner, so the server takes the agent",
        "Any value is accepted, and all but code and code_v2 are read as agent.",
        "facts: runs 4; recorded: tagsystem.code_v2",
        "Send agent or code.",
    ),
    "webhook_without_scheme": Kind(
        "the webhook URL {asked!r} has no scheme; it will be called as {kept!r}",
        "A URL without a scheme is accepted, and https:// is put before it.",
        "facts: runs 5",
        "Write the scheme out.",
    ),
    "totp_reaches_no_block": Kind(
        "{names} of run_workflow reaches no block of workflow {workflow}",
        "Run-level totp_identifier and totp_url of run_workflow never reach a block: only the "
        "block's own totp_identifier and totp_verification_url count, or the credential's.",
        "facts: runs 9",
        "Put it into the block, or store it with the credential.",
    ),
    "session_busy": Kind(
        "browser session {session} is used by {occupant}, so the run fails as it begins",
        "A run in a busy session is accepted with 200, and fails later.",
        "facts: runs 5",
        "Wait for the other run, or make a session for each.",
    ),
    "session_kept": Kind(
        "task {occupant} is {status} and keeps browser session {session}, as on the self-hosted "
        "server; where the hosted service is meant, which lets go, use Timing(task_session=0)",
        "A task that is over still occupies its session on a server of one's own.",
        "facts: runs 5; recorded",
        "Close the session after a task, or say Timing(task_session=0).",
    ),
    "session_capped": Kind(
        "the session was asked for {asked} minutes and has {granted}",
        "A timeout above the limit is cut to it, with 200; only the field `warning` of this one "
        "answer says so.",
        "facts: resources 9",
        "Ask for less, and extend the session while it runs.",
    ),
    "not_in_turn": Kind(
        "run {other} of the same workflow is still at work, although the workflow says "
        "run_sequentially",
        "A server of one's own does not hold the second run back: both work side by side. The "
        "hosted service queues it.",
        "facts: runs 5",
        "Wait for the first run before starting the next.",
    ),
    "profile_needs_persisting": Kind(
        "no profile can be made of run {run}: its workflow {workflow} does not persist its browser",
        "Only a workflow with persist_browser_session keeps the browser's state, and only from "
        "runs that began after it was set; the run itself says nothing about it.",
        "facts: runs 10",
        "Set persist_browser_session=True on the workflow before the run.",
    ),
    "profile_needs_session_flag": Kind(
        "no profile can be made of session {session}: it was made without generate_browser_profile",
        "A session keeps its browser's state only if it was asked to before it ended.",
        "facts: runs 10",
        "Make the session with generate_browser_profile=True, or update it while it is open.",
    ),
    "cancel_after_end": Kind(
        "the run was {status} already when it was canceled, and stays so",
        "Canceling what is over answers 200 for workflow runs and 2.0 tasks; a workflow run "
        "sends its last webhook once more.",
        "facts: runs 3.2, 3.3",
        "Read the status after a cancel; take webhooks by run_id and status.",
    ),
    "artifacts_of_nobody": Kind(
        "there is no run {run}, and its artifacts are an empty list all the same",
        "The artifacts of an unknown run are 200 and [].",
        "facts: runs 5",
        "Check the id.",
    ),
    "runs_of_nobody": Kind(
        "there is no workflow {workflow}, and its runs are an empty list all the same",
        "The runs of an unknown workflow are 200 and [].",
        "facts: runs 7",
        "Check the id: it begins with wpid_.",
    ),
    # --- second factors ---------------------------------------------------------------------
    "totp_no_code": Kind(
        "no code was found in the content that was sent for {identifier}",
        "A text without a code is accepted with 200 and stored with an empty code.",
        "facts: runs 9",
        "Look at `code` in the answer.",
    ),
    "totp_taken_whole": Kind(
        "the content that was sent for {identifier} has no digit, and is taken for the code as "
        "it stands",
        "Ten characters or less are the code, whatever they say.",
        "facts: runs 9",
        "Send the code, or the whole message.",
    ),
    "totp_workflow_id": Kind(
        "workflow_id {asked!r} of a code is refused, although that workflow is there",
        "The field is looked up as the id of a version (w_...); a permanent id is a 400.",
        "facts: resources 8",
        "Send the workflow_id of the version, or workflow_run_id.",
    ),
    "totp_not_taken": Kind(
        "the run found no code for {identifier}, and there were some: {why}",
        "A workflow run takes only codes sent after it began, any run only those of the last ten "
        "minutes that belong to it.",
        "facts: runs 9",
        "Send the code while the run waits.",
    ),
    # --- how runs end -----------------------------------------------------------------------
    "unmapped_error_code": Kind(
        "error code {code!r} is not in the caller's error_code_mapping (codes: {known}), so the "
        "server drops it",
        "Only codes of the caller's own mapping are shown.",
        "facts: runs 4",
        "Add the code to error_code_mapping, or script one that is there.",
    ),
    "schema_without_extraction": Kind(
        "a 1.0 task with a url gives no output for its data_extraction_schema; use engine "
        "skyvern-2.0 or a workflow, or script the output",
        "Such a task extracts nothing: its output is null whatever the schema.",
        "facts: runs 4",
        "Use engine skyvern-2.0, or an extraction block.",
    ),
    "output_against_schema": Kind(
        "the scripted output does not satisfy the caller's data_extraction_schema ({violation}); "
        "the real server would hand it on all the same",
        "Outputs are not held against the caller's schema.",
        "facts: runs 4",
        "Correct the script, or check outputs in the program.",
    ),
    "download_empty": Kind(
        "the download completed, and nothing was downloaded",
        "A download_files run that downloads nothing ends completed, with an empty list.",
        "facts: runs 5",
        "Check downloaded_files, not the status.",
    ),
    "retry_unseen": Kind(
        "the client last saw {seen} with retry_pending, and never looked again: the run is now "
        "{status}, attempt {attempt}",
        "A terminal status is not final while retry_pending is true: the same run starts again.",
        "facts: runs 3.4",
        "Go on polling while retry_pending is true.",
    ),
    "webhook_failed": Kind(
        "its webhook was given up: {why}",
        "A webhook that fails changes nothing of the run; GET /v1/runs/{id} does not tell of it, "
        "only the lists of workflow runs do.",
        "facts: runs 7, 8",
        "Poll as well, or read webhook_failure_reason from the list.",
    ),
    # --- what the test said ------------------------------------------------------------------
    "action_unmatched": Kind(
        "no rule fits this {type} ({prompt!r}); there is {rules}",
        "An action without a rule answers something plausible; the real one would act.",
        "the kit",
        "Correct the pattern of on_action(...).",
    ),
    "block_unknown": Kind(
        "{text}",
        "A rule for a block that its workflow does not have plays nothing.",
        "the kit",
        "Correct the label or the type in on(block=...).",
    ),
    "schedule_idle": Kind(
        "schedule {schedule} was due and started no run: {why}",
        "A schedule whose run is refused says nothing, and is due again the next time.",
        "seen on 1.0.56",
        "Make the workflow one that can be run.",
    ),
    "signal_unheard": Kind(
        "signal {name!r} reached no run (runs wait for: {known})",
        "A signal is heard by steps that wait for it just then; it is not kept.",
        "the kit",
        "Fire it when the run waits, or correct its name.",
    ),
}
"""By the name with which reports begin their lines."""

UNSEEN: Final[Mapping[str, str]] = {
    "`max_retries` of 1 or 2": "The SDK counts attempts in a way of its own: 1 and 2 mean that "
    "nothing is tried again. It never says on the wire how often it would have tried.",
    "a webhook that is taken twice": "Duplicates are normal, and whether a receiver acts twice "
    "on one happens behind it. Deliver it twice in the test and look.",
    "`browser_profile_id` with engine 1.0, 3.0 or a CUA": "It is not ignored: the real server "
    "answers 400, and so does the fake.",
    "times without a zone": "They are UTC. How a program reads them happens in the program.",
}
"""What costs people days too, and cannot be told from requests."""


def advise(
    world: World,
    kind: str,
    run_id: str | None = None,
    *,
    organization_id: str | None = None,
    **case: object,
) -> None:
    """Tell the test something; the same thing is told once.

    Args:
        world: whose.
        kind: a key of :data:`KINDS`.
        run_id: the run that it is about.
        organization_id: whom it is about, where that is no run.
        case: the values in the row's text.
    """
    advice = advice_on(kind, run_id, organization_id=organization_id, **case)
    if advice not in world.advice:
        world.advice.append(advice)


def advice_on(
    kind: str, run_id: str | None = None, *, organization_id: str | None = None, **case: object
) -> Advice:
    """An advice as a value; arguments as for :func:`advise`."""
    return Advice(kind, KINDS[kind].text.format_map(case), run_id, organization_id)


def in_full(advice: Advice) -> str:
    """An advice with the fact behind it and what to do instead, as a warning says it."""
    kind = KINDS[advice.kind]
    run = f"{advice.run_id}: " if advice.run_id else ""
    return (
        f"{advice.kind}: {run}{advice.text}. The real server: {kind.fact} ({kind.source}) "
        f"Instead: {kind.instead}"
    )
