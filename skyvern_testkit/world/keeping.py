"""Files that a run leaves behind, as artifacts."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.world.blocks import current_block
from skyvern_testkit.world.rows import Artifact, Run
from skyvern_testkit.world.world import World

__all__ = ["keep"]

_FILES: Final = {
    "har": ("har.har", "application/json"),
    "html_action": ("html_action.html", "text/html; charset=utf-8"),
    "html_scrape": ("html_scrape.html", "text/html; charset=utf-8"),
    "recording": ("recording.webm", "video/webm"),
    "screenshot_action": ("screenshot_action.png", "image/png"),
    "screenshot_final": ("screenshot_final.png", "image/png"),
    "screenshot_llm": ("screenshot_llm.png", "image/png"),
}
"""Name and content type by kind of artifact; a download brings its own name."""


def keep(
    world: World,
    run: Run,
    kind: str,
    content: bytes,
    *,
    step_id: str | None = None,
    filename: str = "download",
) -> Artifact:
    """Keep a file of that kind; it belongs to the task, also of the block at work.

    When a code block opens a browser, there is no task yet: the recording is the block's.
    """
    name, content_type = _FILES.get(kind, (filename, "application/octet-stream"))
    block = current_block(run)
    own = kind == "recording" and block is not None and block.block_type == "code"
    task_id = block.task_id if block else run.id
    return world.make(
        Artifact,
        run.organization_id,
        type=kind,
        run_id=run.id,
        filename=name,
        content=content,
        content_type=content_type,
        step_id=step_id,
        task_id=None if own or (kind == "download" and block) else task_id,
        workflow_run_block_id=block.id if block and own else None,
    )
