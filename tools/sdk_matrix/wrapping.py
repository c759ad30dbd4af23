"""The wrapper, ``skyvern.Skyvern`` of one release, on virtual time: what it adds to the generated client is waiting.

Each story is one call of it, or a few that belong together, and says itself what must come of them.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any, Final

from skyvern_testkit import (
    InProcessSkyvern,
    completed,
    failed,
    fake_skyvern,
    paused,
    running,
)
from skyvern_testkit.script import RunScript
from tools.sdk_matrix.arranging import BEGAN, DEFINITION
from tools.sdk_matrix.said import Said

__all__ = ["stories"]

Story = Callable[[Any, InProcessSkyvern], Awaitable[None]]
PAGE: Final = "https://example.com"


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{found!r}, not {wanted!r}")


async def _run_task(client: Any, fake: InProcessSkyvern) -> None:
    fake.on(prompt="p").play(RunScript(running(25), completed({"n": 1})))
    run = await client.run_task("p", url=PAGE, wait_for_completion=True)
    _expect(
        (type(run).__name__, run.status, run.output), ("TaskRunResponse", "completed", {"n": 1})
    )


async def _run_task_fails(client: Any, fake: InProcessSkyvern) -> None:
    fake.on(prompt="p").play(RunScript(running(5), failed("Login wall")))
    run = await client.run_task("p", url=PAGE, wait_for_completion=True)
    _expect((run.status, run.failure_reason), ("failed", "Login wall"))


async def _run_task_too_long(client: Any, fake: InProcessSkyvern) -> None:
    fake.on(prompt="p").play(RunScript(running(3600), completed()))
    try:
        await client.run_task("p", url=PAGE, wait_for_completion=True, timeout=60)
    except TimeoutError:
        return
    raise AssertionError("no TimeoutError")


async def _workflow(client: Any) -> str:
    made = await client.create_workflow(json_definition=DEFINITION)
    return str(made.workflow_permanent_id)


async def _run_workflow(client: Any, _: InProcessSkyvern) -> None:
    workflow_id = await _workflow(client)
    run = await client.run_workflow(workflow_id, parameters={"who": "me"}, wait_for_completion=True)
    _expect((type(run).__name__, run.status), ("WorkflowRunResponse", "completed"))


async def _run_workflow_pauses(client: Any, fake: InProcessSkyvern) -> None:
    fake.on(workflow="*").play(RunScript(running(1), paused(30), running(1), completed()))
    workflow_id = await _workflow(client)
    run = await client.run_workflow(workflow_id, wait_for_completion=True)
    _expect(run.status, "completed")


async def _login(client: Any, _: InProcessSkyvern) -> None:
    made = await client.create_credential(
        name="Login", credential_type="password", credential={"username": "u", "password": "p"}
    )
    run = await client.login(
        "skyvern", credential_id=made.credential_id, url=PAGE, wait_for_completion=True
    )
    _expect((type(run).__name__, run.status), ("WorkflowRunResponse", "completed"))


async def _download_files(client: Any, _: InProcessSkyvern) -> None:
    run = await client.download_files(navigation_goal="the invoice", url=PAGE)
    _expect(type(run).__name__, "WorkflowRunResponse")


async def _get_run(client: Any, _: InProcessSkyvern) -> None:
    run = await client.run_task("p", url=PAGE)
    _expect((await client.get_run(run.run_id)).run_id, run.run_id)


async def _sessions(client: Any, _: InProcessSkyvern) -> None:
    made = await client.create_browser_session(timeout=30)
    read = await client.get_browser_session(made.browser_session_id)
    _expect(read.browser_session_id, made.browser_session_id)
    _expect([it.timeout for it in await client.get_browser_sessions()], [30])
    await client.close_browser_session(made.browser_session_id)
    _expect(await client.get_browser_sessions(), [])


async def _profiles(client: Any, _: InProcessSkyvern) -> None:
    made = await client.create_browser_profile(name="Profile")
    _expect((await client.get_browser_profile(made.browser_profile_id)).name, "Profile")
    _expect([it.name for it in await client.list_browser_profiles()], ["Profile"])
    await client.delete_browser_profile(made.browser_profile_id)
    _expect(await client.list_browser_profiles(), [])


async def _credentials(client: Any, _: InProcessSkyvern) -> None:
    made = await client.create_credential(
        name="Key", credential_type="secret", credential={"secret_value": "s"}
    )
    _expect((await client.get_credential(made.credential_id)).name, "Key")
    _expect([it.credential_type for it in await client.get_credentials()], ["secret"])
    await client.delete_credential(made.credential_id)
    _expect(await client.get_credentials(), [])


STORIES: Final[Mapping[str, Story]] = {
    "run_task waits": _run_task,
    "run_task waits for a run that fails": _run_task_fails,
    "run_task waits too long": _run_task_too_long,
    "run_workflow waits": _run_workflow,
    "run_workflow waits for a run that pauses": _run_workflow_pauses,
    "login waits": _login,
    "download_files": _download_files,
    "get_run": _get_run,
    "sessions": _sessions,
    "profiles": _profiles,
    "credentials": _credentials,
}


def stories(dialect: str) -> Iterator[Said]:
    """Tell all of them at a fake that speaks a dialect; none in a release without its wrapper."""
    if find_spec("skyvern.library") is None:
        return
    for name, story in STORIES.items():
        outcome, detail = "passed", ""
        try:
            with fake_skyvern(dialect=dialect, epoch=BEGAN) as fake:
                asyncio.run(_tell(story, fake))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            status = getattr(error, "status_code", None)
            outcome = type(error).__name__ + ("" if status is None else f" {status}")
            detail = " ".join(traceback.format_exception(error))[-600:]
        yield Said(f"Skyvern: {name}", dialect, "wrapper", "call", outcome, "passed", detail)


async def _tell(story: Story, fake: InProcessSkyvern) -> None:
    await story(fake.client(), fake)
