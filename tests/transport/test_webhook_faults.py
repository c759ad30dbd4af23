"""What may go wrong with webhooks on purpose: seen by the receiver, by the server, and by the journal."""

import asyncio
import http.server
import threading
from dataclasses import dataclass, field

import pytest

from skyvern_testkit import (
    InProcessSkyvern,
    RunScript,
    StrictFailure,
    fake_skyvern,
    never,
    running,
    verify_webhook,
)

HOOK = "https://shop.example/hooks/skyvern"
KEY = "skyvern-testkit-key"


@dataclass
class Seen:
    """What a receiver got: where it is, and each request's body and headers (names in lower case)."""

    url: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def note(self, body, headers):
        self.bodies.append(body)
        self.headers.append({name.lower(): value for name, value in headers})


@pytest.fixture
def in_process(skyvern_webhooks):
    seen = Seen(HOOK)
    skyvern_webhooks.receive(HOOK, lambda sent: seen.note(sent.body, sent.headers.items()))
    return seen


@pytest.fixture
def on_loopback():
    seen = Seen("")

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            seen.note(self.rfile.read(int(self.headers["content-length"])), self.headers.items())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield seen
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["in_process", "on_loopback"])
def seen(request):
    return request.getfixturevalue(request.param)


async def ended(client, url=HOOK):
    return await client.run_task("x", webhook_url=url, wait_for_completion=True)


# --- each fault ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_duplicate_says_the_same(skyvern_client, skyvern_fake, skyvern_webhooks, seen):
    planned = skyvern_webhooks.on(status="completed").duplicate(2)
    run = await ended(skyvern_client, seen.url)
    await skyvern_webhooks.wait(3, run=run.run_id)
    await asyncio.sleep(60)
    assert len(seen.bodies) == 3
    assert len(set(seen.bodies)) == 1
    assert len({tuple(sorted(headers.items())) for headers in seen.headers}) == 1
    assert verify_webhook(seen.bodies[0], seen.headers[0]["x-skyvern-signature"], KEY)
    assert planned.struck == 1
    delivered = [it.fault for it in skyvern_fake.journal.deliveries]  # over HTTP, side by side
    assert sorted(map(str, delivered)) == ["3 times the same", "a copy", "a copy"]


@pytest.mark.asyncio
async def test_copies_may_keep_a_distance(skyvern_client, skyvern_webhooks):
    skyvern_webhooks.on().duplicate(2, after=100)
    await ended(skyvern_client, skyvern_webhooks.url)
    await skyvern_webhooks.wait(3)
    first, second, third = (sent.at for sent in skyvern_webhooks)
    assert (second - first, third - first) == (pytest.approx(100), pytest.approx(200))
    assert len({sent.body for sent in skyvern_webhooks}) == 1


@pytest.mark.asyncio
async def test_copies_at_once_are_handled_at_the_same_time(skyvern_client, skyvern_webhooks):
    at_work, most = 0, 0

    @skyvern_webhooks.receive(HOOK)
    async def handle(_):
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(1)
        at_work -= 1

    skyvern_webhooks.on().duplicate()
    await ended(skyvern_client)
    await skyvern_webhooks.wait(2)
    assert most == 2


@pytest.mark.asyncio
async def test_a_copy_that_is_refused_is_not_tried_again(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    replies = [200, 500]
    skyvern_webhooks.receive(HOOK, lambda _: replies.pop(0))
    skyvern_webhooks.on().duplicate(after=5)
    run = await ended(skyvern_client)
    await skyvern_webhooks.wait(2)
    await asyncio.sleep(60)
    assert len(skyvern_webhooks) == 2
    assert skyvern_fake.run(run.run_id).webhook_failure_reason == ""


@pytest.mark.asyncio
async def test_a_late_webhook_comes_after_the_client_has_seen_the_end(
    skyvern_client, skyvern_webhooks, skyvern_clock, seen
):
    skyvern_webhooks.on(status="completed").delay(300)
    await ended(skyvern_client, seen.url)
    assert skyvern_clock.now == 10
    assert seen.bodies == []
    sent = await skyvern_webhooks.wait()
    assert sent.at == pytest.approx(305.75)  # the run ended at 5, its webhook is due 0.75 s later
    assert len(seen.bodies) == 1
    assert sent.signature_ok


@pytest.mark.asyncio
async def test_the_next_one_overtakes(skyvern_client, skyvern_webhooks):
    skyvern_webhooks.on(nth=1).reorder()
    first = await skyvern_client.run_task("x", webhook_url=skyvern_webhooks.url)
    await asyncio.sleep(2)
    second = await skyvern_client.run_task("x", webhook_url=skyvern_webhooks.url)
    await skyvern_webhooks.wait(2)
    await asyncio.sleep(120)
    assert [sent.run_id for sent in skyvern_webhooks] == [second.run_id, first.run_id]


@pytest.mark.asyncio
async def test_one_that_nobody_overtakes_goes_out_all_the_same(skyvern_client, skyvern_webhooks):
    skyvern_webhooks.on().reorder(within=40)
    await ended(skyvern_client, skyvern_webhooks.url)
    assert (await skyvern_webhooks.wait()).at == pytest.approx(45.75)


@pytest.mark.parametrize("tries", [1, 2])
@pytest.mark.asyncio
async def test_a_lost_try_is_tried_again(
    skyvern_client, skyvern_fake, skyvern_webhooks, seen, tries
):
    skyvern_webhooks.on().drop(tries)
    run = await ended(skyvern_client, seen.url)
    await skyvern_webhooks.wait()
    assert len(seen.bodies) == 1
    assert skyvern_fake.run(run.run_id).webhook_failure_reason == ""
    assert [it.status for it in skyvern_fake.journal.deliveries] == [None] * tries + [200]
    assert {it.fault for it in skyvern_fake.journal.deliveries} == {f"the first {tries} lost"}


@pytest.mark.asyncio
async def test_all_three_lost_is_a_webhook_that_never_comes(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    skyvern_webhooks.on().drop(3)
    run = await ended(skyvern_client, skyvern_webhooks.url)
    await asyncio.sleep(60)
    assert list(skyvern_webhooks) == []
    assert (
        skyvern_fake.run(run.run_id).webhook_failure_reason
        == "Webhook delivery failed before receiving a response: "
        "ConnectError: All connection attempts failed"
    )


@pytest.mark.asyncio
async def test_a_lost_answer_makes_the_server_say_it_again(
    skyvern_client, skyvern_fake, skyvern_webhooks, seen
):
    skyvern_webhooks.on().lose_answer(2)
    run = await ended(skyvern_client, seen.url)
    await skyvern_webhooks.wait(3)
    assert len(seen.bodies) == 3
    assert len(set(seen.bodies)) == 1
    assert skyvern_fake.run(run.run_id).webhook_failure_reason == ""


@pytest.mark.asyncio
async def test_an_altered_body_keeps_its_old_signature(skyvern_client, skyvern_webhooks, seen):
    skyvern_webhooks.on().alter({"status": "failed", "more": 1.0})
    run = await ended(skyvern_client, seen.url)
    sent = await skyvern_webhooks.wait(status="failed")
    assert (sent.json["run_id"], sent.json["more"]) == (run.run_id, 1)
    assert not sent.signature_ok
    assert seen.headers[0]["content-length"] == str(len(seen.bodies[0]))


@pytest.mark.asyncio
async def test_an_altered_body_may_be_signed(skyvern_client, skyvern_webhooks, seen):
    skyvern_webhooks.on().alter(lambda body: body[:-1] + b',"x":1}', signed=True)
    await ended(skyvern_client, seen.url)
    sent = await skyvern_webhooks.wait()
    assert sent.json["x"] == 1
    assert verify_webhook(seen.bodies[0], seen.headers[0]["x-skyvern-signature"], KEY)


@pytest.mark.asyncio
async def test_a_tampered_webhook_is_tampered_in_every_try(skyvern_client, skyvern_webhooks):
    skyvern_webhooks.receive(HOOK, lambda sent: 200 if sent.signature_ok else 403)
    skyvern_webhooks.on().alter({"status": "failed"})
    await ended(skyvern_client)
    await skyvern_webhooks.wait(3)
    assert len({(sent.body, sent.signature) for sent in skyvern_webhooks}) == 1


@pytest.mark.asyncio
async def test_another_key(skyvern_client, skyvern_webhooks, seen):
    skyvern_webhooks.on().sign_with("somebody else's")
    await ended(skyvern_client, seen.url)
    sent = await skyvern_webhooks.wait()
    assert not sent.signature_ok
    assert verify_webhook(seen.bodies[0], seen.headers[0]["x-skyvern-signature"], "somebody else's")


@pytest.mark.asyncio
async def test_no_signature(skyvern_client, skyvern_webhooks, seen):
    skyvern_webhooks.on().omit_signature()
    await ended(skyvern_client, seen.url)
    sent = await skyvern_webhooks.wait()
    assert sent.signature is None
    assert "x-skyvern-signature" not in seen.headers[0]
    assert "x-skyvern-timestamp" in seen.headers[0]


@pytest.mark.asyncio
async def test_several_strike_the_same(skyvern_client, skyvern_fake, skyvern_webhooks):
    skyvern_webhooks.on().delay(100)
    skyvern_webhooks.on().omit_signature()
    skyvern_webhooks.on().duplicate()
    await ended(skyvern_client, skyvern_webhooks.url)
    await skyvern_webhooks.wait(2)
    assert [(round(sent.at), sent.signature) for sent in skyvern_webhooks] == [(106, None)] * 2


# --- which ones ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_which_webhook(skyvern_client, skyvern_webhooks):
    skyvern_webhooks.on(url="https://elsewhere.example/*").omit_signature()
    skyvern_webhooks.on(status="failed").omit_signature()
    skyvern_webhooks.on(run="wr_*").omit_signature()
    skyvern_webhooks.on(when=lambda body: body["run_type"] == "task_v1").omit_signature()
    skyvern_webhooks.on(run="tsk_*", nth=2).omit_signature().times(2)
    for _ in range(4):
        await ended(skyvern_client, skyvern_webhooks.url)
    await skyvern_webhooks.wait(4)
    assert [sent.signature is None for sent in skyvern_webhooks] == [True, True, True, False]


@pytest.mark.asyncio
async def test_always(skyvern_client, skyvern_webhooks):
    planned = skyvern_webhooks.on().omit_signature().always()
    for _ in range(3):
        await ended(skyvern_client, skyvern_webhooks.url)
    await skyvern_webhooks.wait(3)
    assert [sent.signature for sent in skyvern_webhooks] == [None] * 3
    assert planned.struck == 3


@pytest.mark.parametrize(
    ("say", "refusal"),
    [
        (lambda on: on(nth=0), "counts webhooks from 1, so it cannot be 0"),
        (lambda on: on(status="cancelled"), "no run has the status 'cancelled'.*'canceled'"),
        (lambda on: on().duplicate(0), "at least one copy, not 0"),
        (lambda on: on().duplicate(after=-1), "-1 seconds"),
        (lambda on: on().delay(-1), "-1 seconds"),
        (lambda on: on().reorder(within=-1), "-1 seconds"),
        (lambda on: on().drop(4), "1 to 3 can fail, not 4"),
        (lambda on: on().drop(0), "1 to 3 can fail, not 0"),
        (lambda on: on().lose_answer(4), "1 to 3 can fail, not 4"),
        (lambda on: on().drop().times(0), "at least once, not 0 times"),
    ],
)
def test_nonsense_is_refused(skyvern_webhooks, say, refusal):
    with pytest.raises(ValueError, match=refusal):
        say(skyvern_webhooks.on)


@pytest.mark.asyncio
async def test_a_cancel_waits_for_its_late_webhook(
    skyvern_client, skyvern_fake, skyvern_webhooks, skyvern_clock
):
    skyvern_fake.on().play(RunScript(running(until=never())))
    skyvern_webhooks.on(status="canceled").delay(20)
    run = await skyvern_client.run_task("x", webhook_url=skyvern_webhooks.url)
    await skyvern_client.cancel_run(run.run_id)
    assert skyvern_clock.now == 20
    assert [sent.at for sent in skyvern_webhooks.of(run.run_id, "canceled")][-1] == 20


# --- what the plan says of itself -----------------------------------------------------------------


def test_strict_names_what_no_webhook_met_and_what_is_half_said():
    def the_test():
        with fake_skyvern(strict=True) as fake:
            fake.webhooks.on(run="wr_1", status="failed", nth=2).drop()
            fake.webhooks.on(status="completed")

    with pytest.raises(StrictFailure) as caught:
        the_test()
    said = str(caught.value)
    assert "webhooks.on(run='wr_1', status='failed', nth=2): the first 1 lost: no webhook" in said
    assert f"{__file__}:" in said
    assert "webhooks.on(status='completed') without what goes wrong" in said


def broken(body: bytes) -> bytes:
    raise ZeroDivisionError("a bug in the test")


@pytest.mark.parametrize(
    "plan",
    [
        lambda webhooks: webhooks.on().alter(broken),
        lambda webhooks: webhooks.on(when=broken).drop(),
    ],
)
def test_what_a_function_of_the_plan_raises_fails_the_test(plan):
    def the_test():
        with fake_skyvern() as fake:
            plan(fake.webhooks)
            asyncio.run(one(fake))

    async def one(fake: InProcessSkyvern):
        await ended(fake.client(), fake.webhooks.url)
        await fake.webhooks.wait()

    with pytest.raises(ZeroDivisionError, match="a bug in the test"):
        the_test()


@pytest.mark.asyncio
async def test_a_key_of_a_plan_is_a_secret(skyvern_client, skyvern_fake, skyvern_webhooks):
    skyvern_webhooks.on().sign_with("hush-hush")
    assert "hush-hush" not in f"{list(skyvern_fake.webhook_faults)}{skyvern_fake.report()}"


@pytest.mark.asyncio
async def test_a_fork_has_the_plan_and_what_is_under_way(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    skyvern_webhooks.on(nth=1).reorder(within=30)
    planned = skyvern_webhooks.on(nth=2).omit_signature()
    await ended(skyvern_client, skyvern_webhooks.url)
    twin = skyvern_fake.fork()
    await skyvern_webhooks.wait()
    twin.advance(twin.world.now + 100_000_000_000)
    (effect,) = twin.take_effects()
    assert effect.kind == "webhook"
    (rule,) = [rule for rule in twin.webhook_faults if rule.number == 2]
    assert (rule.seen, planned.struck) == (1, 0)


def test_the_same_seed_and_plan_the_same_bytes():
    def lived():
        with fake_skyvern(seed=7) as fake:
            fake.webhooks.on().duplicate(after=3)
            fake.webhooks.on().drop(2)
            asyncio.run(one(fake))
            return [(it.at, it.body, it.fault) for it in fake.journal.deliveries]

    async def one(fake: InProcessSkyvern):
        await ended(fake.client(), fake.webhooks.url)
        await fake.webhooks.wait(2)

    assert lived() == lived()
