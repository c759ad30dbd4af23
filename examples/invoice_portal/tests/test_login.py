"""Logging in: the second factor that is late or never comes, and the profile that is kept."""

from __future__ import annotations

import pytest
from skyvern.client.errors import BadRequestError

from invoice_portal.errors import AccountLocked, ProfileNotReady, RunFailed, SecondFactorMissing
from invoice_portal.login import log_in, save_profile
from portal import ASKS_FOR_A_CODE, LOGIN, PORTAL
from skyvern_testkit import RunScript, completed, failed, running, terminated


async def test_the_code_is_late(skyvern_client, skyvern_fake, skyvern_clock, login_id, mailbox):
    skyvern_fake.on(workflow=LOGIN).play(ASKS_FOR_A_CODE)
    mailbox.codes = [(25, "483920")]

    await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)

    # asked at 10 s; Skyvern looks at 20 s and finds nothing, at 30 s the code; 33 s; our next look
    assert skyvern_clock.now == 40
    (sent,) = skyvern_fake.journal.calls("send_totp_code")
    assert (sent.began, sent.json["content"]) == (25, "483920")


async def test_the_code_never_comes(skyvern_client, skyvern_fake, skyvern_clock, login_id, mailbox):
    skyvern_fake.on(workflow=LOGIN).play(ASKS_FOR_A_CODE)

    with pytest.raises(SecondFactorMissing, match="No TOTP verification code found") as caught:
        await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)

    assert (caught.value.status, caught.value.codes) == ("terminated", {"OTP_TIMEOUT"})
    assert skyvern_clock.now == 10 + 15 * 60


async def test_a_code_from_yesterday_is_not_enough(
    skyvern_client, skyvern_fake, skyvern_clock, login_id, mailbox
):
    skyvern_fake.on(workflow=LOGIN).play(ASKS_FOR_A_CODE)
    # what lies in the mailbox is sent at once, before the run works: Skyvern does not take that
    mailbox.codes = [(0, "000000"), (30, "483920")]

    await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)

    assert [call.json["content"] for call in skyvern_fake.journal.calls("send_totp_code")] == [
        "000000",
        "483920",
    ]
    assert skyvern_clock.now == 50  # with the first code it would have been 30


async def test_sending_the_code_meets_a_busy_server(
    skyvern_client, skyvern_fake, login_id, mailbox
):
    skyvern_fake.on(workflow=LOGIN).play(ASKS_FOR_A_CODE)
    skyvern_fake.faults.on("send_totp_code").answer(503).times(2)
    mailbox.codes = [(25, "483920")]

    await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)

    assert [call.status for call in skyvern_fake.journal.calls("send_totp_code")] == [503, 503, 200]


async def test_a_locked_account_has_its_own_name(skyvern_client, skyvern_fake, login_id, mailbox):
    skyvern_fake.on(workflow=LOGIN).play(
        RunScript(running(seconds=12), terminated("Call us.", error_code="ACCOUNT_LOCKED"))
    )
    with pytest.raises(AccountLocked, match="Call us"):
        await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)


async def test_a_failed_login_is_not_tried_again(skyvern_client, skyvern_fake, login_id, mailbox):
    skyvern_fake.on(workflow=LOGIN).play(failed("The page stayed blank"))
    with pytest.raises(RunFailed, match=r"login block failed.*The page stayed blank"):
        await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)
    assert len(skyvern_fake.journal.calls("run_workflow")) == 1


# --- the profile ----------------------------------------------------------------------------------

NOT_STORED = "Workflow run does not have a persisted session"


async def test_the_profile_waits_inside_the_request(
    skyvern_client, skyvern_fake, skyvern_clock, login_id, mailbox
):
    skyvern_fake.on(workflow=LOGIN).play(RunScript(running(seconds=20), completed()))
    run_id = await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)
    ended = skyvern_clock.now

    profile_id = await save_profile(skyvern_client, run_id, "acme")

    assert profile_id.startswith("bp_")
    assert 0 < skyvern_clock.now - ended < 30  # Skyvern looked for the archive once a second
    assert len(skyvern_fake.journal.calls("create_browser_profile")) == 1


async def test_the_profile_is_not_ready_yet(
    skyvern_client, skyvern_fake, skyvern_clock, login_id, mailbox
):
    skyvern_fake.on(workflow=LOGIN).play(completed())
    run_id = await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)
    before = skyvern_clock.now
    skyvern_fake.faults.on("create_browser_profile").answer(400, detail=NOT_STORED).times(2)

    await save_profile(skyvern_client, run_id, "acme", pause=10)

    calls = skyvern_fake.journal.calls("create_browser_profile")
    assert [(call.status, call.began - before) for call in calls] == [
        (400, 0),
        (400, 10),
        (200, 20),
    ]


async def test_the_profile_is_never_ready(skyvern_client, skyvern_fake, login_id, mailbox):
    skyvern_fake.on(workflow=LOGIN).play(completed())
    run_id = await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)
    skyvern_fake.faults.on("create_browser_profile").answer(400, detail=NOT_STORED).always()

    with pytest.raises(ProfileNotReady, match="5 requests"):
        await save_profile(skyvern_client, run_id, "acme")


async def test_a_profile_of_that_name_is_replaced(
    skyvern_client, skyvern_fake, skyvern_profile, login_id, mailbox
):
    old = skyvern_profile(name="acme")
    skyvern_fake.on(workflow=LOGIN).play(completed())
    run_id = await log_in(skyvern_client, PORTAL, login_id, mailbox.next_code)

    new = await save_profile(skyvern_client, run_id, "acme")

    assert [call.status for call in skyvern_fake.journal.calls("create_browser_profile")] == [
        409,
        200,
    ]
    named = await skyvern_client.list_browser_profiles(search_key="acme")
    assert [profile.browser_profile_id for profile in named] == [new]
    assert new != old.browser_profile_id


async def test_a_run_that_keeps_nothing_is_a_mistake_of_ours(skyvern_client):
    workflow = await skyvern_client.create_workflow(
        json_definition={
            "title": "Forgets everything",
            "workflow_definition": {
                "parameters": [],
                "blocks": [{"block_type": "goto_url", "label": "go", "url": PORTAL}],
            },
        }
    )
    run = await skyvern_client.run_workflow(
        workflow.workflow_permanent_id, wait_for_completion=True
    )
    with pytest.raises(BadRequestError) as refused:  # and asking again would not help
        await save_profile(skyvern_client, run.run_id, "acme")
    assert refused.value.body == {"detail": "Workflow does not persist browser sessions"}
