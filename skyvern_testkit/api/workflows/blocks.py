"""The block types of a workflow, one row each: what a request may say, what an answer shows.

``takes`` lists the fields of a request in the order of the wire, in the words of
:mod:`skyvern_testkit.api.workflows.words`: ``name: word``, with ``?`` for a field that may be null
or left out, and ``= value`` for a default; every block takes ``HEAD_TAKES`` first.

``shows`` lists the fields of an answer in the order of the wire, after ``HEAD_SHOWS``. A field is
answered as it was asked for, except that ``sets`` wins over the request, ``fills`` stands in for
null and empty text, and ``parameter_keys`` are answered as ``parameters``.

Names, types, defaults and orders are those of the server's own schema and of its recorded answers
(facts: resources 3; contracts/recorded: blocks, blocks2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from skyvern_testkit.wire.jsontext import Json

__all__ = ["BLOCKS", "HEAD_SHOWS", "HEAD_TAKES", "OMITTED", "Block", "block_row", "names"]

HEAD_TAKES: Final = """
    label: label, next_block_label: str?, continue_on_failure: bool = False, model: json?,
    ignore_workflow_system_prompt: bool = False, next_loop_on_failure: bool = False
"""
HEAD_SHOWS: Final = (
    "label next_block_label block_type output_parameter continue_on_failure model disable_cache "
    "ignore_workflow_system_prompt next_loop_on_failure"
)
OMITTED: Final[dict[str, Json]] = {"engine": None, "engine_pinned": False}
"""A block that would show a field with this value does not show the field."""

TASK_SHOWS: Final = (
    "task_type url title engine engine_pinned complete_criterion complete_criterion_is_untrusted "
    "terminate_criterion navigation_goal data_extraction_goal data_schema error_code_mapping "
    "max_retries max_steps_per_run parameters complete_on_download download_suffix "
    "totp_verification_url totp_identifier complete_verification "
    "include_action_history_in_verification download_timeout include_extracted_text"
)
"""The blocks that drive a browser are answered with all fields of a task, asked for or not."""

UNASKED: Final[dict[str, Json]] = {
    "disable_cache": False,
    "task_type": "general",
    "title": "",
    "engine_pinned": False,
    "complete_criterion_is_untrusted": False,
    "max_retries": 0,
    "complete_on_download": False,
    "complete_verification": True,
    "include_action_history_in_verification": False,
    "include_extracted_text": True,
    "continue_on_empty": False,
}
"""What is shown of a field that the block does not take; null where nothing stands here."""


def names(takes: str) -> list[str]:
    """The names of the fields in a list of fields."""
    return [word.removesuffix(":") for word in takes.split() if word.endswith(":")]


_S3_AND_AZURE = """
    s3_bucket: str?, aws_access_key_id: str?, aws_secret_access_key: str?, region_name: str?,
    endpoint_url: unblank?, azure_storage_account_name: str?, azure_storage_account_key: str?,
    azure_blob_container_name: str?,
"""
_DRIVE_AND_SFTP = """
    google_credential_id: str?, google_drive_folder_id: str?, sftp_host: str?, sftp_port: int?,
    sftp_username: str?, sftp_password: str?, sftp_private_key: str?,
    sftp_private_key_passphrase: str?, sftp_remote_path: str?, sftp_host_key: str?,
"""
_STORAGE = " ".join(names(_S3_AND_AZURE + _DRIVE_AND_SFTP))
_STORAGE_SHOWS = f"{_STORAGE} prompt path continue_on_empty"
_ENGINE = "engine: RunEngine?, engine_pinned: bool = False,"
_TRIES = "max_retries: int = 0, max_steps_per_run: int?, parameter_keys: texts?,"
_DOWNLOAD = "complete_on_download: bool = False, download_suffix: str?,"
_TOTP = "totp_verification_url: str?, totp_identifier: str?,"
_VERIFY = "complete_verification: bool = True, include_action_history_in_verification: bool = False"

LOGIN_GOAL: Final = (
    "Log in with the credentials that were given, and with a code of the second factor where one "
    "is asked for. Terminate if they are refused."
)
"""Stands for the server's own default, a page of text which is Skyvern's and not ours."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block type.

    Args:
        type: its ``block_type``.
        model: the name of its request model, which errors inside loops show.
        takes: the fields of a request.
        shows: the fields of an answer; None where they are those of the request.
        rule: the name of its rule in :mod:`skyvern_testkit.api.workflows.rules`.
        sets: what the server answers whatever was asked for.
        fills: what the server answers where the request says nothing.
    """

    type: str
    model: str
    takes: str
    shows: str | None = None
    rule: str | None = None
    sets: dict[str, Json] = field(default_factory=dict[str, Json])
    fills: dict[str, Json] = field(default_factory=dict[str, Json])

    @property
    def shown(self) -> list[str]:
        """The fields of an answer in their order, head included."""
        asked = " ".join(names(self.takes)).replace("parameter_keys", "parameters")
        return f"{HEAD_SHOWS} {asked if self.shows is None else self.shows}".split()

    def value(self, name: str, request: dict[str, Json]) -> Json:
        """What is shown of a field that is answered as it was asked for."""
        if name in self.sets:
            return self.sets[name]
        if name not in request:
            return self.fills.get(name, UNASKED.get(name))
        asked = request[name]
        return self.fills.get(name, asked) if asked is None or asked == "" else asked


BLOCKS: Final[tuple[Block, ...]] = (
    Block(
        "task",
        "TaskBlockYAML",
        f"""
        url: str?, title: str = '', {_ENGINE} navigation_goal: str?, data_extraction_goal: str?,
        data_schema: schema?, error_code_mapping: map?, {_TRIES} {_DOWNLOAD} {_TOTP}
        disable_cache: bool = False, complete_criterion: str?, terminate_criterion: str?, {_VERIFY}
        """,
        shows=TASK_SHOWS,
    ),
    Block(
        "for_loop",
        "ForLoopBlockYAML",
        """
        loop_blocks: blocks, loop_over_parameter_key: str = '', loop_variable_reference: str?,
        complete_if_empty: bool = False, data_schema: loop_schema?
        """,
        shows="loop_blocks loop_over loop_variable_reference complete_if_empty data_schema",
    ),
    Block("while_loop", "WhileLoopBlockYAML", "loop_blocks: blocks, condition: criteria"),
    Block(
        "code",
        "CodeBlockYAML",
        """
        code: str, error_code_mapping: map?, parameter_keys: texts?, prompt: str?, steps: steps?,
        data_schema: schema?, user_owned_goal: bool?, goal_needs_regeneration: bool?,
        code_edited_by_hand: bool?
        """,
        shows="code parameters error_code_mapping prompt steps data_schema user_owned_goal "
        "goal_needs_regeneration code_edited_by_hand",
        rule="code_takes_keys",
        sets={"steps": None},  # the server makes its own steps of what it understands of the code
    ),
    Block(
        "text_prompt",
        "TextPromptBlockYAML",
        "llm_key: str?, prompt: str, parameter_keys: texts?, json_schema: json?",
        rule="normalize_llm_selection",
    ),
    Block("download_to_s3", "DownloadToS3BlockYAML", "url: str"),
    Block("upload_to_s3", "UploadToS3BlockYAML", "path: str?"),
    Block(
        "file_upload",
        "FileUploadBlockYAML",
        f"""
        storage_type: FileStorageType = 's3', {_S3_AND_AZURE} azure_folder_path: str?,
        {_DRIVE_AND_SFTP} prompt: str?, path: str?
        """,
        shows=f"{_STORAGE_SHOWS} storage_type",
    ),
    Block(
        "send_email",
        "SendEmailBlockYAML",
        """
        smtp_host_secret_parameter_key: str?, smtp_port_secret_parameter_key: str?,
        smtp_username_secret_parameter_key: str?, smtp_password_secret_parameter_key: str?,
        custom_smtp_host: str?, custom_smtp_port: port?, custom_smtp_username: str?,
        custom_smtp_password: str?, sender: str = '', recipients: texts, subject: str, body: str,
        body_format: EmailBodyFormat = 'text', file_attachments: texts?, transport: EmailTransport?,
        credential_id: str?, cc: texts = [], bcc: texts = []
        """,
        shows="smtp_host smtp_port smtp_username smtp_password sender recipients subject body "
        "body_format file_attachments custom_smtp_host custom_smtp_port custom_smtp_username "
        "custom_smtp_password transport credential_id cc bcc",
        rule="_validate_transport_fields",
        fills={"file_attachments": []},
    ),
    Block(
        "file_url_parser",
        "FileParserBlockYAML",
        """
        file_url: str, file_type: FileType = 'auto_detect', json_schema: json?, worksheet: str?,
        force_ocr: bool = False
        """,
    ),
    Block(
        "validation",
        "ValidationBlockYAML",
        f"""
        {_ENGINE} complete_criterion: str?, terminate_criterion: str?, error_code_mapping: map?,
        max_steps_per_run: int?, parameter_keys: texts?, disable_cache: bool = False,
        without_page_information: bool = False
        """,
        shows=f"{TASK_SHOWS} without_page_information",
        sets={"task_type": "validation", "disable_cache": False},
        fills={"max_steps_per_run": 2},
    ),
    Block(
        "action",
        "ActionBlockYAML",
        f"""
        url: str?, title: str = '', {_ENGINE} navigation_goal: str?, selector: str?,
        ai_fallback: AIFallbackMode = 'fallback', error_code_mapping: map?, {_TRIES} {_DOWNLOAD}
        {_TOTP} disable_cache: bool = False
        """,
        shows=f"{TASK_SHOWS} selector ai_fallback",
        sets={"task_type": "action", "complete_verification": False},
        fills={"max_steps_per_run": 1},
    ),
    Block(
        "navigation",
        "NavigationBlockYAML",
        f"""
        navigation_goal: str, url: str?, title: str = '', {_ENGINE} error_code_mapping: map?,
        {_TRIES} {_DOWNLOAD} {_TOTP} disable_cache: bool = False, complete_criterion: str?,
        complete_criterion_is_untrusted: bool = False, terminate_criterion: str?, {_VERIFY}
        """,
        shows=TASK_SHOWS,
    ),
    Block(
        "extraction",
        "ExtractionBlockYAML",
        f"""
        data_extraction_goal: str, url: str?, title: str = '', {_ENGINE} data_schema: schema?,
        {_TRIES} disable_cache: bool = False, export_enabled: bool = False,
        export_data_schema: json?, export_file_name: str?, export_records: str?
        """,
        shows=f"{TASK_SHOWS} export_enabled export_data_schema export_file_name export_records",
        sets={"complete_verification": False, "include_extracted_text": False},
    ),
    Block(
        "login",
        "LoginBlockYAML",
        f"""
        url: str?, title: str = '', {_ENGINE} navigation_goal: str?, error_code_mapping: map?,
        {_TRIES} {_TOTP} disable_cache: bool = False, complete_criterion: str?,
        terminate_criterion: str?, {_VERIFY}, skip_saved_profile: bool = False
        """,
        shows=f"{TASK_SHOWS} skip_saved_profile",
        fills={"navigation_goal": LOGIN_GOAL},
    ),
    Block("wait", "WaitBlockYAML", "wait_sec: int = 0", shows="wait_sec parameters"),
    Block(
        "human_interaction",
        "HumanInteractionBlockYAML",
        """
        instructions: str = 'Please review and approve or reject to continue the workflow.',
        positive_descriptor: str = 'Approve', negative_descriptor: str = 'Reject',
        timeout_seconds: int = 7200, sender: str = 'hello@skyvern.com', recipients: texts,
        subject: str = 'Human interaction required for workflow run',
        body: str = 'Your interaction is required for a workflow run!',
        body_format: EmailBodyFormat = 'text'
        """,
        shows=f"{TASK_SHOWS} instructions positive_descriptor negative_descriptor timeout_seconds "
        "sender recipients subject body body_format",
        sets={"engine": "skyvern-1.0"},
    ),
    Block(
        "file_download",
        "FileDownloadBlockYAML",
        f"""
        download_target: FileDownloadTarget = 'website', {_S3_AND_AZURE} {_DRIVE_AND_SFTP}
        path: str?, prompt: str?, continue_on_empty: bool = False, navigation_goal: str, url: str?,
        title: str = '', {_ENGINE} error_code_mapping: map?, {_TRIES} download_suffix: str?, {_TOTP}
        disable_cache: bool = False, download_timeout: float?
        """,
        shows=f"{_STORAGE_SHOWS} {TASK_SHOWS} download_target",
        sets={"complete_on_download": True, "include_action_history_in_verification": True},
    ),
    Block(
        "data_export",
        "DataExportBlockYAML",
        "data: str, data_schema: json, file_name: str?, parameter_keys: texts?",
    ),
    Block("terminate", "TerminateBlockYAML", "reason: reason, error_code: error_code?"),
    Block(
        "goto_url",
        "UrlBlockYAML",
        "url: str",
        shows=TASK_SHOWS,
        sets={"engine": "skyvern-1.0", "complete_verification": False},
    ),
    Block("pdf_parser", "PDFParserBlockYAML", "file_url: str, json_schema: json?"),
    Block(
        "task_v2",
        "TaskV2BlockYAML",
        f"""
        prompt: str, url: str?, {_TOTP} max_iterations: int = 50, max_steps: int = 25,
        disable_cache: bool = False
        """,
        shows="prompt url totp_verification_url totp_identifier max_iterations max_steps",
        sets={"disable_cache": False},
    ),
    Block(
        "http_request",
        "HttpRequestBlockYAML",
        """
        method: str = 'GET', url: str?, headers: map?, body: json?, files: map?, timeout: int = 30,
        follow_redirects: bool = True, download_filename: str?, save_response_as_file: bool = False,
        secret_response_paths: texts?, parameter_keys: texts?
        """,
        rule="validate_secret_response_paths_file_conflict",
    ),
    Block(
        "web_search",
        "WebSearchBlockYAML",
        """
        query: text, provider: 'auto'|'google'|'exa' = 'auto', num_results: strictly_to_hundred = 10,
        no_results_error_code: outcome_code?, no_match_error_code: outcome_code?,
        error_code_mapping: map?, prompt: str?, json_schema: json?, parameter_keys: texts?
        """,
        rule="validate_no_match_error_code_prompt",
    ),
    Block(
        "conditional",
        "ConditionalBlockYAML",
        "branch_conditions: branches = []",
        rule="validate_branches",
    ),
    Block(
        "print_page",
        "PrintPageBlockYAML",
        """
        include_timestamp: bool = True, custom_filename: str?, format: PDFFormat = 'A4',
        landscape: bool = False, print_background: bool = True, parameter_keys: texts?
        """,
    ),
    Block(
        "pdf_fill",
        "PdfFillBlockYAML",
        "file_url: str, prompt: str, payload: schema?, llm_key: str?, parameter_keys: texts?",
        rule="normalize_llm_selection",
    ),
    Block(
        "split_pdf",
        "SplitPdfBlockYAML",
        "file_url: str, prompt: str, llm_key: str?, parameter_keys: texts?",
        rule="normalize_llm_selection",
    ),
    Block(
        "workflow_trigger",
        "WorkflowTriggerBlockYAML",
        """
        workflow_permanent_id: str, payload: json?, wait_for_completion: bool = True,
        browser_session_id: str?, use_parent_browser_session: bool = False, parameter_keys: texts?
        """,
    ),
    Block(
        "google_sheets_read",
        "GoogleSheetsReadBlockYAML",
        """
        spreadsheet_url: str, sheet_name: str?, range: str?, credential_id: str?,
        has_header_row: bool = True, parameter_keys: texts?
        """,
    ),
    Block(
        "email_inbox",
        "EmailInboxBlockYAML",
        """
        email_client: 'gmail'|'outlook', credential_id: str?, folder: str?, prompt: str?,
        sender: str?, subject: str?, newer_than_days: int?, max_results: int = 25,
        include_body: bool = True, download_attachments: bool = False, parameter_keys: texts?
        """,
    ),
    Block(
        "google_sheets_write",
        "GoogleSheetsWriteBlockYAML",
        """
        spreadsheet_url: str, sheet_name: str?, range: str?, credential_id: str?,
        write_mode: 'append'|'update' = 'append', values: str = '', column_mapping: map?,
        create_sheet_if_missing: bool = False, parameter_keys: texts?
        """,
    ),
)
"""In the server's order, which errors show where they list the types there are."""

_BY_TYPE = {row.type: row for row in BLOCKS}


def block_row(block_type: str) -> Block:
    """The row of a block type, which there must be."""
    return _BY_TYPE[block_type]
