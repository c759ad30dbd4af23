"""Files that a run leaves behind, as artifacts: single ones, and those that come together."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from skyvern_testkit.world.blocks import current_block
from skyvern_testkit.world.rows import Artifact, Run, Scene
from skyvern_testkit.world.world import World

__all__ = ["LOOK", "SCRAPE", "THINK", "keep", "keep_all"]

_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"
_FILES: Final = {
    "har": ("har.har", _JSON),
    "html_action": ("html_action.html", _HTML),
    "html_scrape": ("html_scrape.html", _HTML),
    "llm_prompt": ("llm_prompt.txt", _TEXT),
    "llm_request": ("llm_request.json", _JSON),
    "llm_response": ("llm_response.json", _JSON),
    "llm_response_parsed": ("llm_response_parsed.json", _JSON),
    "recording": ("recording.webm", "video/webm"),
    "screenshot_action": ("screenshot_action.png", "image/png"),
    "screenshot_final": ("screenshot_final.png", "image/png"),
    "screenshot_llm": ("screenshot_llm.png", "image/png"),
    "script_file": ("main.py", _JSON),  # the real server calls it that, too
    "visible_elements_id_css_map": ("visible_elements_id_css_map.json", _JSON),
    "visible_elements_id_frame_map": ("visible_elements_id_frame_map.json", _JSON),
    "visible_elements_tree": ("visible_elements_tree.json", _JSON),
    "visible_elements_tree_in_prompt": ("visible_elements_tree_in_prompt.txt", _TEXT),
    "visible_elements_tree_trimmed": ("visible_elements_tree_trimmed.json", _JSON),
}
"""Name and content type by kind of artifact; a download brings its own name."""

SCRAPE: Final = (
    "html_scrape",
    "visible_elements_id_css_map",
    "visible_elements_id_frame_map",
    "visible_elements_tree",
    "visible_elements_tree_trimmed",
    "visible_elements_tree_in_prompt",
)
THINK: Final = ("llm_prompt", "llm_request", "llm_response", "llm_response_parsed")
LOOK: Final = ("screenshot_action", "html_action")


def keep(
    world: World,
    run: Run,
    kind: str,
    content: bytes | None = None,
    *,
    scene: Scene | None = None,
    step_id: str | None = None,
    filename: str | None = None,
    of_block: bool = False,
) -> Artifact:
    """Keep a file of that kind; it belongs to the task, also of the block at work.

    When a code block opens a browser, there is no task yet: the recording is the block's. So are
    the pictures of which a block is described.

    Args:
        world: the run's world.
        run: whose file it is.
        kind: its ``artifact_type``.
        content: its bytes; None: they are drawn from the scene when somebody asks.
        scene: what there is to see in it.
        step_id: of the step that left it.
        filename: the name of a download or a script file.
        of_block: it is the block's, no task's.
    """
    name, content_type = _FILES.get(kind, ("download", "application/octet-stream"))
    block = current_block(run)
    own = of_block or (kind == "recording" and block is not None and block.block_type == "code")
    nobodys = own or kind == "script_file" or (kind == "download" and block is not None)
    return world.make(
        Artifact,
        run.organization_id,
        type=kind,
        run_id=run.id,
        filename=filename or name,
        content=content,
        scene=scene,
        content_type=content_type,
        step_id=None if nobodys else step_id,
        task_id=None if nobodys else block.task_id if block else run.id,
        workflow_run_block_id=block.id if block and own else None,
    )


def keep_all(
    world: World, run: Run, kinds: tuple[str, ...], scene: Scene, step_id: str, about: str = ""
) -> list[Artifact]:
    """Keep a file of each of these kinds, all from one scene."""
    told = replace(scene, about=about) if about else scene
    return [keep(world, run, kind, scene=told, step_id=step_id) for kind in kinds]
