"""The words that each release of the SDK knows: its enumerations, and what its unions tell their members apart by."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tools.sdk_matrix.releases import ranges

__all__ = ["FILE", "words_of", "write"]

FILE: Final = Path(__file__).resolve().parents[2] / "contracts" / "sdk_words.json"

UNIONS: Final = {
    "run_type": "get_run_response",
    "block_type": "workflow_definition_blocks_item",
    "parameter_type": "workflow_definition_parameters_item",
}
"""What is told apart by closed words -> where: an answer with another word cannot be read."""
ENUMERATIONS: Final = (
    "ArtifactType",
    "BlockType",
    "CredentialTypeOutput",
    "CredentialVaultType",
    "Extensions",
    "FileStorageType",
    "FileType",
    "OtpType",
    "PersistentBrowserType",
    "ProxyLocation",
    "RunEngine",
    "RunStatus",
    "RunType",
    "TotpType",
    "WorkflowParameterType",
    "WorkflowRunStatus",
    "WorkflowStatus",
)


def words_of(folder: Path) -> dict[str, list[str]]:
    """Name of a union's field or of an enumeration -> the words, of those that a release has."""
    types = folder / "skyvern" / "client" / "types"
    found: dict[str, list[str]] = {}
    for field, module in UNIONS.items():
        text = (types / f"{module}.py").read_text("utf-8")
        found[field] = re.findall(rf'{field}: typing\.Literal\["(\w+)"\]', text)
    for name in ENUMERATIONS:
        path = types / f"{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}.py"
        if path.exists():
            literal = re.search(r"typing\.Literal\[([^\]]+)\]", path.read_text("utf-8"))
            found[name] = re.findall(r'"([^"]+)"', literal[1]) if literal else []
    return found


def write(words: Mapping[str, Mapping[str, Iterable[str]]], path: Path = FILE) -> None:
    """Keep the words of all releases: release -> name -> words; those that come and go as ranges."""
    names = sorted({name for found in words.values() for name in found})
    kept: dict[str, Any] = {
        "about": "The words that each release of the SDK knows. Written by make sdk-matrix."
    }
    for name in names:
        known: dict[str, list[str]] = {}
        for release, found in words.items():
            for word in found.get(name, ()):
                known.setdefault(word, []).append(release)
        kept[name] = {word: ranges(releases) for word, releases in known.items()}
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in kept.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
