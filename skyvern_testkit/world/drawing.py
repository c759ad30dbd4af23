"""The bytes of a file that a run left behind: given by the script, or drawn when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.pages import css_map, elements, frame_map, har, page, page_in_prompt
from skyvern_testkit.world.pictures import screenshot
from skyvern_testkit.world.rows import Artifact, Run, Scene
from skyvern_testkit.world.videos import mp4, webm
from skyvern_testkit.world.world import World

__all__ = ["content_of"]

_NOBODY: Final = "No model was asked: this run was played by skyvern-testkit."


def content_of(world: World, artifact: Artifact) -> bytes:
    """The file as it is now; a recording grows until its run is over."""
    if artifact.content is not None:
        return artifact.content
    match artifact.type:
        case "recording":
            return _recording(world, artifact)
        case "har":
            run = world.run(artifact.run_id)
            return har(_pages_of(run, artifact), run.started_at or run.created_at)
        case _:
            return _DRAWN[artifact.type](artifact.scene or Scene(words=""))


def _recording(world: World, artifact: Artifact) -> bytes:
    run = world.run(artifact.run_id)
    end = run.finished_at if run.is_over and run.finished_at is not None else world.now
    length = max(0, end - artifact.created_at) // SECOND
    final = run.recording_is_final or run.recording != artifact.id  # an attempt before this one
    return (mp4 if final else webm)(length)


def _pages_of(run: Run, artifact: Artifact) -> list[str]:
    """Where the run's browser was, each place once."""
    if artifact.scene is not None and artifact.scene.about == "nothing":
        return []
    found = [run.input.url, *(block.definition.get("url") for block in run.blocks)]
    return list(dict.fromkeys(str(url) for url in found if url))


def _json(value: Json) -> bytes:
    return json.dumps(value).encode()


def _prompt(scene: Scene) -> bytes:
    return f"{_NOBODY}\nThe question would have been: {scene.about}\n{scene.words}\n".encode()


def _request(scene: Scene) -> bytes:
    said: JsonObject = {"role": "user", "content": _prompt(scene).decode()}
    return _json({"model": "none", "messages": [said]})


def _answered(scene: Scene) -> JsonObject:
    return {"note": _NOBODY, "about": scene.about, "reasoning": scene.words}


def _response(scene: Scene) -> bytes:
    said: JsonObject = {"role": "assistant", "content": json.dumps(_answered(scene))}
    return _json({"model": "none", "choices": [{"index": 0, "message": said}]})


def _picture(scene: Scene) -> bytes:
    return scene.picture if scene.picture is not None else screenshot(scene.words, scene.url)


_DRAWN: Final[dict[str, Callable[[Scene], bytes]]] = {
    "html_action": lambda scene: page(scene.words, scene.url, marked=False),
    "html_scrape": lambda scene: page(scene.words, scene.url),
    "llm_prompt": _prompt,
    "llm_request": _request,
    "llm_response": _response,
    "llm_response_parsed": lambda scene: _json(_answered(scene)),
    "screenshot_action": _picture,
    "screenshot_final": _picture,
    "screenshot_llm": _picture,
    "script_file": lambda scene: f"# {scene.words}\n".encode(),
    "visible_elements_id_css_map": lambda _: _json(css_map()),
    "visible_elements_id_frame_map": lambda _: _json(frame_map()),
    "visible_elements_tree": lambda scene: _json(elements(scene.words, scene.url)),
    "visible_elements_tree_in_prompt": lambda scene: page_in_prompt(scene.words, scene.url),
    "visible_elements_tree_trimmed": lambda scene: _json(
        elements(scene.words, scene.url, trimmed=True)
    ),
}
"""How each kind is drawn; downloads are always given."""
