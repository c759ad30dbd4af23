"""The program as it is started: it makes its own client and its own event loop.

Nothing is handed in. The ini option `skyvern_intercept` sends whatever is meant for Skyvern's own
hosts to the test's fake.
"""

from __future__ import annotations

import pytest

from invoice_portal.__main__ import main
from invoice_portal.store import Store
from portal import LIST, LOGIN, PDF, PORTAL, listing
from skyvern_testkit import Download, RunScript, completed, needs_totp, running


@pytest.fixture
def environment(monkeypatch, tmp_path, skyvern_fake, login_id):
    codes = tmp_path / "codes"
    codes.mkdir()
    for name, value in {
        "SKYVERN_API_KEY": skyvern_fake.api_key,
        "INVOICE_PORTAL_CREDENTIAL": login_id,
        "INVOICE_PORTAL_URL": PORTAL,
        "INVOICE_PORTAL_DATABASE": str(tmp_path / "invoices.sqlite3"),
        "INVOICE_PORTAL_CODES": str(codes),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_collect(environment, skyvern_fake, capsys):
    skyvern_fake.on(prompt="Can customers log in*").play(completed({"open": True}))
    skyvern_fake.on(workflow=LIST).play(completed(listing(("A-1", "2026-07-03", 119.0))))
    skyvern_fake.on(prompt="Open invoice*").play(
        completed(downloads=[Download("invoice.pdf", PDF)])
    )

    @skyvern_fake.on(workflow=LOGIN).play
    def mail_arrives(run):
        yield running(seconds=8)
        (environment / "codes" / "mail.txt").write_text("483920\n")
        yield needs_totp()
        yield completed()

    assert main(["collect"]) == 0

    assert capsys.readouterr().out == "1 new: A-1\n"
    with Store(environment / "invoices.sqlite3") as store:
        assert store.pdf("A-1") == PDF


def test_collect_when_the_portal_is_closed(environment, skyvern_fake, capsys):
    skyvern_fake.on(prompt="Can customers log in*").play(completed({"open": False}))
    assert main(["collect"]) == 1
    assert capsys.readouterr().out == "the portal is closed; try later\n"
    assert not skyvern_fake.journal.calls("run_workflow")


def test_a_problem_is_one_line(environment, skyvern_fake, capsys):
    skyvern_fake.on(prompt="Can customers log in*").play(completed({"open": True}))
    skyvern_fake.on(workflow=LOGIN).play(RunScript(running(seconds=8), needs_totp()))

    assert main(["collect"]) == 1

    assert capsys.readouterr().out.startswith("SecondFactorMissing: wr_")


def test_watch(environment, skyvern_fake, skyvern_sync_client, capsys):
    skyvern_fake.on(prompt="Count*").play(RunScript(running(seconds=90), completed({"n": 3})))
    run = skyvern_sync_client.run_task(prompt="Count the invoices", url=PORTAL)

    assert main(["watch", run.run_id]) == 0

    assert capsys.readouterr().out.splitlines() == [
        f"{run.run_id} running",
        f"{run.run_id} completed",
    ]


def test_a_setting_is_missing(monkeypatch):
    monkeypatch.delenv("SKYVERN_API_KEY", raising=False)
    with pytest.raises(SystemExit, match="set SKYVERN_API_KEY"):
        main(["collect"])
