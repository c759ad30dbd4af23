"""The kinds of parameter of a workflow, one row each, and what their default values become.

Read the tables as those of :mod:`skyvern_testkit.api.workflows.blocks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from skyvern_testkit.api.workflows.blocks import names
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["HEAD_TAKES", "PARAMETERS", "RESERVED", "Parameter", "default_of", "parameter_row"]

HEAD_TAKES: Final = "key: key, description: str?"

RESERVED: Final = (
    "current_item",
    "current_value",
    "current_index",
    "current_date",
    "workflow_title",
    "workflow_id",
    "workflow_permanent_id",
    "workflow_run_id",
    "workflow_run_outputs",
    "workflow_run_summary",
)
"""Keys that the server fills itself when a workflow runs."""

_BITWARDEN = """
    bitwarden_client_id_aws_secret_key: str, bitwarden_client_secret_aws_secret_key: str,
    bitwarden_master_password_aws_secret_key: str,
"""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One kind of parameter.

    Args:
        type: its ``parameter_type``.
        model: the name of its request model.
        takes: the fields of a request after key and description.
        id: prefix and field name of its id; None for a kind that has no row of its own.
        shows: the fields of an answer between id and times; None where they are the workflow's id
            and the fields of the request.
    """

    type: str
    model: str
    takes: str = ""
    id: tuple[str, str] | None = None
    shows: str | None = None

    @property
    def shown(self) -> list[str]:
        return ["workflow_id", *names(self.takes)] if self.shows is None else self.shows.split()


PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter(
        "aws_secret",
        "AWSSecretParameterYAML",
        "aws_key: str",
        id=("asp", "aws_secret_parameter_id"),
    ),
    Parameter(
        "bitwarden_login_credential",
        "BitwardenLoginCredentialParameterYAML",
        f"""
        {_BITWARDEN} url_parameter_key: str?, bitwarden_collection_id: str?,
        bitwarden_item_id: str?, totp_identifier: str?
        """,
        id=("blc", "bitwarden_login_credential_parameter_id"),
    ),
    Parameter(
        "bitwarden_sensitive_information",
        "BitwardenSensitiveInformationParameterYAML",
        f"""
        {_BITWARDEN} bitwarden_collection_id: str, bitwarden_identity_key: str,
        bitwarden_identity_fields: texts
        """,
        id=("bsi", "bitwarden_sensitive_information_parameter_id"),
    ),
    Parameter(
        "bitwarden_credit_card_data",
        "BitwardenCreditCardDataParameterYAML",
        f"{_BITWARDEN} bitwarden_collection_id: str, bitwarden_item_id: str",
        id=("bccd", "bitwarden_credit_card_data_parameter_id"),
    ),
    Parameter(
        "onepassword",
        "OnePasswordCredentialParameterYAML",
        "vault_id: str, item_id: str, totp_field_name: str?, totp_identifier: str?",
        id=("opp", "onepassword_credential_parameter_id"),
    ),
    Parameter(
        "azure_vault_credential",
        "AzureVaultCredentialParameterYAML",
        "vault_name: str, username_key: str, password_key: str, totp_secret_key: str?",
        id=("azcp", "azure_vault_credential_parameter_id"),
    ),
    Parameter(
        "workflow",
        "WorkflowParameterYAML",
        "workflow_parameter_type: WorkflowParameterType, default_value: value?",
        id=("wp", "workflow_parameter_id"),
        shows="workflow_parameter_type workflow_id default_value",
    ),
    Parameter("context", "ContextParameterYAML", "source_parameter_key: str", shows="source value"),
    Parameter("output", "OutputParameterYAML"),
    Parameter(
        "credential",
        "CredentialParameterYAML",
        """
        credential_id: str, credential_ids: texts?, selection_strategy: str?,
        fallback_credential_ids: texts?, fallback_trigger: str?
        """,
        id=("cp", "credential_parameter_id"),
    ),
)
"""In the server's order, which errors show where they list the kinds there are."""

_BY_TYPE = {row.type: row for row in PARAMETERS}


def parameter_row(parameter_type: str) -> Parameter:
    """The row of a kind of parameter, which there must be."""
    return _BY_TYPE[parameter_type]


# --- default values ---------------------------------------------------------------------------


def _finite(value: Json) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


_BOOLEANS: Final[dict[str, bool]] = {"true": True, "1": True, "false": False, "0": False}

_CONVERSIONS: Final[dict[str, Callable[[Json], Json]]] = {
    "string": str,
    "integer": int,
    "float": _finite,
    "boolean": lambda value: _BOOLEANS[str(value).lower()],
}


def default_of(parameter: JsonObject) -> Json:
    """The default value of a requested workflow parameter, as the server keeps it.

    Null stays null; JSON, addresses and credential ids stay as they were given.

    Raises:
        Refusal: 400, the value is none of that type.
    """
    kind, value = parameter["workflow_parameter_type"], parameter["default_value"]
    convert = _CONVERSIONS.get(kind)
    if convert is None or value is None:
        return value
    try:
        return convert(value)
    except (TypeError, ValueError, KeyError, OverflowError):
        raise Refusal(
            400,
            f"Invalid workflow parameter. Expected parameter type: {kind}. Value: {value}.",
        ) from None
