"""Our workflows at Skyvern, as they are to be; they are made there when they are missing."""

from __future__ import annotations

from typing import Any, Final

from skyvern import Skyvern

from invoice_portal.errors import ACCOUNT_LOCKED, LOGGED_OUT

__all__ = ["LIST_INVOICES", "LOGIN", "ensure_workflow"]

ERROR_CODES: Final = {
    LOGGED_OUT: "The page asks for a login",
    ACCOUNT_LOCKED: "The page says that the account is locked or suspended",
}

_URL: Final = {
    "parameter_type": "workflow",
    "key": "portal_url",
    "workflow_parameter_type": "string",
}

LOGIN: Final[dict[str, Any]] = {
    "title": "Invoice portal: log in",
    "persist_browser_session": True,  # without it there is nothing to make a profile from
    "workflow_definition": {
        "parameters": [
            _URL,
            {
                "parameter_type": "workflow",
                "key": "credential",
                "workflow_parameter_type": "credential_id",
            },
        ],
        "blocks": [
            {
                "block_type": "login",
                "label": "log_in",
                "url": "{{ portal_url }}",
                "navigation_goal": "Log in with the credential. Stay signed in if the page offers it.",
                "parameter_keys": ["credential"],
                "error_code_mapping": {ACCOUNT_LOCKED: ERROR_CODES[ACCOUNT_LOCKED]},
            }
        ],
    },
}

LIST_INVOICES: Final[dict[str, Any]] = {
    "title": "Invoice portal: list invoices",
    "workflow_definition": {
        "parameters": [
            _URL,
            {
                "parameter_type": "workflow",
                "key": "since",
                "workflow_parameter_type": "string",
            },
        ],
        "blocks": [
            {
                "block_type": "extraction",
                "label": "list_invoices",
                "url": "{{ portal_url }}/invoices",
                "data_extraction_goal": "Extract all invoices issued on or after {{ since }}.",
                "data_schema": {
                    "type": "object",
                    "properties": {
                        "invoices": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "number": {"type": "string"},
                                    "issued": {"type": "string", "format": "date"},
                                    "amount": {"type": "number"},
                                    "currency": {"type": "string", "enum": ["EUR", "USD"]},
                                },
                                "required": ["number", "issued", "amount", "currency"],
                            },
                        }
                    },
                    "required": ["invoices"],
                },
            }
        ],
        "error_code_mapping": ERROR_CODES,  # of the whole workflow: an extraction block has none
    },
}


async def ensure_workflow(client: Skyvern, definition: dict[str, Any]) -> str:
    """The permanent id of our workflow of that title; it is created if there is none."""
    title = definition["title"]
    for workflow in await client.get_workflows(search_key=title):
        if workflow.title == title:  # a search finds more than equal titles
            return workflow.workflow_permanent_id
    made = await client.create_workflow(json_definition=definition)  # type: ignore[arg-type]
    return made.workflow_permanent_id
