"""What does not work, and is not the fake's fault: one table. A row that is not needed is a failure, too."""

from dataclasses import dataclass
from typing import Final

from tools.sdk_matrix.releases import within

__all__ = ["KNOWN", "Known", "known_of"]


@dataclass(frozen=True, slots=True)
class Known:
    """Calls that come to something else than a release declares.

    Args:
        methods: their names.
        releases: which ones, as a range.
        outcome: what comes of it.
        why: for people.
        source: where that is known from.
        dialect: ``own``, ``newest`` or ``any``.
        what: ``call`` or ``wrong``.
    """

    methods: tuple[str, ...]
    releases: str
    outcome: str
    why: str
    source: str
    dialect: str = "any"
    what: str = "call"

    def is_about(self, method: str, release: str, dialect: str, what: str) -> bool:
        return (
            method in self.methods
            and self.what == what
            and self.dialect in ("any", dialect)
            and release in within(self.releases)
        )


_BILLING: Final = (
    "change_tier_api_v1billing_change_tier_post",
    "create_checkout_session_api_v1billing_checkout_post",
    "create_portal_session_api_v1billing_portal_post",
    "get_organization_billing_api_v1billing_state_get",
)

KNOWN: Final = (
    Known(
        ("artifacts.*",),
        "1.0.25..1.0.48",
        "ModuleNotFoundError",
        "the package of that part of the client is not in the wheel",
        "sdk-surface, at a glance",
    ),
    Known(
        ("artifacts.get_artifact_content",),
        "1.0.56",
        "UnicodeDecodeError",
        "the method reads every content as JSON, and a picture is none",
        "sdk-surface (f)",
    ),
    Known(
        ("upload_file",),
        "1.0.31+",
        "UnprocessableEntityError 422",
        "the method sends its argument as text parts, and the server wants a file",
        "sdk-surface (f)",
    ),
    Known(
        ("scripts.run_script",),
        "all",
        "ApiError 400",
        "the server says that it is not implemented",
        "resources 11",
    ),
    Known(
        ("Skyvern: run_workflow waits for a run that pauses",),
        "1.0.33..1.0.47",
        "ValueError",
        "the wrapper does not know the status `paused`",
        "sdk-surface (e)",
        dialect="newest",
    ),
    Known(
        _BILLING,
        "1.0.11..1.0.28",
        "ApiError 404",
        "the newest server has no such routes",
        "the real server 1.0.56, asked",
        dialect="newest",
    ),
)


def known_of(method: str, release: str, dialect: str, what: str) -> Known | None:
    """The row of a call, if it has one."""
    found = [row for row in KNOWN if row.is_about(method, release, dialect, what)]
    return found[0] if found else None
