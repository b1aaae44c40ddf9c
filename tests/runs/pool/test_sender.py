"""Webhooks as receivers see them: signed, tried again, told once more after a kill, and never where none may go."""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.plain_json import moment
from runs import gate, webhooks
from runs.models import Delivery, Duty, Job, Webhook
from runs.pool import parcels, post, sender
from runs.pool.sender import Sender
from tests import factories
from tests.loopback import Server, redirect, reply, served
from tests.receiving import REFUSED, SECRET, TAKEN, headers, ids, receiving, verified
from tests.rest import Rest
from tests.runs import jobs
from tests.waiting import eventually
from workflows import outgoing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "ROUND_SECONDS", 0.05)


@pytest.fixture
def sending() -> Iterator[Callable[[], Sender]]:
    """Starts a sender, which ends with the test."""
    started: list[Sender] = []

    def start() -> Sender:
        started.append(Sender(f"pool {len(started)}"))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.close()
    for each in started:
        each.join()


def hook(owner: User, server: Server, *events: str) -> str:
    """The secret of a new webhook."""
    return webhooks.make(owner, f"{server.url}/", events or ("job.ended",), None)[1]


def the_delivery() -> Delivery:
    return Delivery.objects.get()


def tried(attempts: int) -> Callable[[], bool]:
    return lambda: bool(Delivery.objects.filter(attempts__gte=attempts, tried_at__isnull=False).exists())


async def hang(writer: asyncio.StreamWriter) -> None:
    await writer.drain()
    await asyncio.Event().wait()


def test_a_receiver_gets_the_job_as_rest_has_it_and_can_verify_it(ada: User, sending: Callable[[], Sender]) -> None:
    with receiving() as server:
        secret = hook(ada, server)
        job = jobs.ran(ada)
        sending()
        eventually(lambda: the_delivery().state == "delivered")
        told = verified(server, secret)
    delivery = the_delivery()
    assert told == {
        "type": "job.ended",
        "timestamp": moment(delivery.created_at),
        "data": Rest(ada).get(f"/jobs/{job.pk}").json(),
    }
    assert told["data"]["outputs"] == {"echo": "hello"}
    assert ids(server) == [str(delivery.pk)]
    assert (delivery.attempts, delivery.status, delivery.error, delivery.body) == (1, 200, "", "")


def test_products_and_batches_are_told_as_rest_has_them(ada: User, sending: Callable[[], Sender]) -> None:
    rest, workflow = Rest(ada), factories.workflow(ada)
    with receiving() as server:
        secret = hook(ada, server, "asset.created", "batch.ended")
        body = {"axes": {"word": ["a"]}}
        batch = rest.post(f"/workflows/{workflow.pk}/batches", body).json()["batch_id"]
        jobs.worked_off()
        sending()
        eventually(lambda: Delivery.objects.filter(state="delivered").count() == 2)
        told = {each["type"]: each["data"] for each in (verified(server, secret, index) for index in range(2))}
    assert told["asset.created"] == rest.get(f"/workflows/{workflow.pk}/assets").json()["items"][0]
    assert told["batch.ended"] == rest.get(f"/batches/{batch}").json()


def test_a_submits_own_is_signed_by_the_secret_that_was_given(ada: User, sending: Callable[[], Sender]) -> None:
    workflow = factories.workflow(ada)
    with receiving() as server:
        body = {"webhook_url": f"{server.url}/", "webhook_secret": SECRET}
        made = Rest(ada).post(f"/workflows/{workflow.pk}/jobs", body).json()
        jobs.worked_off()
        sending()
        eventually(lambda: the_delivery().state == "delivered")
        assert verified(server, SECRET)["data"]["id"] == made["id"]


def test_the_signature_is_that_of_the_specification() -> None:
    """By its formula, and by the example that its own libraries are tested with."""
    example = hmac_of("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert example == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    with receiving() as server:
        parcel = post.Parcel(uuid4(), uuid4(), uuid4(), "", f"{server.url}/", SECRET, '{"type":"é"}', 1)
        assert asyncio.run(post.send(parcel)).taken
    sent = headers(server.heard[0])
    assert server.bodies == ['{"type":"é"}'.encode()]
    assert sent["webhook-id"] == str(parcel.delivery_id)
    assert abs(int(sent["webhook-timestamp"]) - time.time()) < 60
    assert sent["webhook-signature"] == hmac_of(sent["webhook-id"], sent["webhook-timestamp"], server.bodies[0])
    assert sent["content-type"] == "application/json"


def hmac_of(message: str, timestamp: str, body: bytes) -> str:
    """The signature of a message by SECRET, as the specification has it."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"


def test_after_a_500_it_is_tried_again_with_the_same_id_and_body(
    ada: User, sending: Callable[[], Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "PAUSES", (0.05, *[1.0] * 6))
    with receiving(REFUSED) as server:
        secret = hook(ada, server)
        job = jobs.ran(ada)
        sending()
        eventually(tried(2))
        Job.objects.filter(pk=job.pk).delete()  # what is told again is what was told first
        server.answers["/"] = TAKEN
        eventually(lambda: the_delivery().state == "delivered")
        assert len(set(ids(server))) == 1
        assert len(set(server.bodies)) == 1
        assert verified(server, secret)["data"]["id"] == str(job.pk)


def test_each_next_try_is_later_and_not_at_the_same_moment_for_all(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(REFUSED) as server:
        hook(ada, server)
        jobs.ran(ada)
        pauses = []
        for _ in range(len(parcels.PAUSES)):
            settle_one(post.Answer(500, "It answered 500."))
            pauses.append((the_delivery().due_at - timezone.now()).total_seconds())  # type: ignore[operator]
            Delivery.objects.update(due_at=timezone.now())
        for pause, planned in zip(pauses, parcels.PAUSES, strict=True):
            assert planned - 1 <= pause <= planned * (1 + parcels.JITTER)
        assert len({pause / planned for pause, planned in zip(pauses, parcels.PAUSES, strict=True)}) > 1
        settle_one(post.Answer(500, "It answered 500."))
    assert (the_delivery().state, the_delivery().due_at, the_delivery().attempts) == ("failed", None, 8)
    assert "8 tries" in Webhook.objects.get().disabled_why


def settle_one(answer: post.Answer) -> None:
    (parcel,) = parcels.take(())
    parcels.settle(parcel, answer)


def test_one_that_takes_other_things_stays_though_one_was_given_up(ada: User) -> None:
    with receiving() as server:
        hook(ada, server)
        jobs.ran(ada)
        settle_later = list(parcels.take(()))
        jobs.ran(ada)
        settle_one(post.Answer(200))
        last = post.Parcel(**{**fields(settle_later[0]), "attempt": 8})
        Delivery.objects.filter(pk=last.delivery_id).update(attempts=8)
        parcels.settle(last, post.Answer(500, "It answered 500."))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed", "delivered"}
    assert Webhook.objects.get().disabled_at is None


def fields(parcel: post.Parcel) -> dict[str, Any]:
    return {name: getattr(parcel, name) for name in parcel.__slots__}


def test_410_disables_it_and_ends_what_still_waits(ada: User, sending: Callable[[], Sender]) -> None:
    with receiving(reply(b"", "410 Gone")) as server:
        hook(ada, server)
        job = jobs.ran(ada)
        sending()
        eventually(lambda: Webhook.objects.exclude(disabled_at=None).exists())
        eventually(lambda: the_delivery().state == "failed")
        jobs.ran_again(job)
    assert Delivery.objects.count() == 1
    assert "410" in Rest(ada).get("/webhooks").json()["items"][0]["disabled_why"]


def test_a_redirect_is_not_followed(ada: User, sending: Callable[[], Sender]) -> None:
    with served({"/": TAKEN}) as other, receiving(redirect(f"{other.url}/")) as server:
        hook(ada, server)
        jobs.ran(ada)
        sending()
        eventually(tried(1))
        assert the_delivery().status == 302
        assert "not followed" in the_delivery().error
        assert other.heard == []


def test_a_name_that_leads_elsewhere_when_it_is_called_is_refused(
    ada: User, sending: Callable[[], Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served({"/": TAKEN}) as server:
        monkeypatch.setattr(outgoing.guard, "_look_up", lambda *_: ["93.184.215.14"])
        body = {"url": f"http://innocent.example:{server.port}/", "events": ["job.ended"]}
        assert Rest(ada).post("/webhooks", body).status_code == 201
        monkeypatch.setattr(outgoing.guard, "_look_up", lambda *_: ["127.0.0.1"])
        jobs.ran(ada)
        sending()
        eventually(tried(1))
        assert "not on the public internet" in the_delivery().error
        assert server.heard == []


def test_who_hangs_is_left_and_holds_nobody_up(
    ada: User, bob: User, sending: Callable[[], Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served({"/": hang}) as hanging, served({"/": TAKEN}) as quick:
        outgoing.guard.allow([("127.0.0.1", hanging.port), ("127.0.0.1", quick.port)])
        try:
            for number in range(2 * parcels.AT_ONE_PLACE):
                hook(ada if number else bob, hanging)
            job = jobs.ran(ada)
            sending()
            eventually(lambda: len(hanging.heard) == parcels.AT_ONE_PLACE)
            webhooks.make(ada, f"{quick.url}/", ["job.ended"], None)
            jobs.ran_again(job)
            eventually(lambda: len(quick.heard) == 1)
            assert len(hanging.heard) == parcels.AT_ONE_PLACE  # its others wait for their turn
        finally:
            outgoing.guard.allow(())


async def never_ends(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
        await writer.drain()


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [(never_ends, "waiting", "There was no answer (ReadError)."), (endless_body, "delivered", "")],
)
def test_an_answer_without_end_is_left_at_once(
    ada: User, sending: Callable[[], Sender], answer: Any, state: str, error: str
) -> None:
    began = time.monotonic()
    with receiving(answer) as server:
        hook(ada, server)
        jobs.ran(ada)
        sending()
        eventually(tried(1))
    assert (the_delivery().state, the_delivery().error) == (state, error)
    assert time.monotonic() - began < post.SECONDS


def test_one_that_does_not_answer_in_time_is_tried_again(
    ada: User, sending: Callable[[], Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "SECONDS", 0.1)
    with receiving(hang) as server:
        hook(ada, server)
        jobs.ran(ada)
        sending()
        eventually(tried(1))
    assert the_delivery().error == "There was no answer within 0.1 s."
    assert the_delivery().due_at


def test_what_a_sender_that_was_killed_had_taken_is_sent_again_with_the_same_id(
    ada: User, sending: Callable[[], Sender]
) -> None:
    with receiving() as server:
        secret = hook(ada, server)
        jobs.ran(ada)
        (parcel,) = parcels.take(())
        asyncio.run(post.send(parcel))  # it is killed here: the receiver has it, the row does not say so
        assert list(parcels.take(())) == []  # nobody else takes it before its time is over
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        sending()
        eventually(lambda: the_delivery().state == "delivered")
        assert ids(server) == [str(parcel.delivery_id)] * 2
        assert server.bodies[0] == server.bodies[1]
        assert verified(server, secret)["type"] == "job.ended"
        parcels.settle(parcel, post.Answer(500, "It answered 500."))  # were it alive after all, it would be too late
    assert the_delivery().state == "delivered"


def test_one_pool_sends_for_all(ada: User, sending: Callable[[], Sender]) -> None:
    Duty.objects.create(name="webhooks", holder="another", until=timezone.now() + timedelta(seconds=60))
    with receiving() as server:
        hook(ada, server)
        jobs.ran(ada)
        with post.office() as loop:
            Sender("idle").round(loop)
        assert the_delivery().attempts == 0
        sending()
        Duty.objects.update(until=timezone.now())  # the other is silent for too long
        eventually(lambda: len(server.heard) == 1)


def test_what_was_deleted_before_it_was_told_is_told_by_its_id(ada: User, sending: Callable[[], Sender]) -> None:
    with receiving() as server:
        secret = hook(ada, server)
        job = jobs.ran(ada)
        job.delete()
        sending()
        eventually(lambda: the_delivery().state == "delivered")
        assert verified(server, secret)["data"] == {"id": str(the_delivery().subject)}


def test_the_end_of_a_job_that_was_deleted_is_told_to_its_own_webhook(ada: User, sending: Callable[[], Sender]) -> None:
    with receiving() as server:
        job = factories.job(factories.workflow(ada))
        webhooks.add_to(job, f"{server.url}/", SECRET)
        gate.cancel(job.pk, by="ada")
        gate.delete(job.pk)
        sending()
        eventually(lambda: the_delivery().state == "delivered")
        assert verified(server, SECRET)["data"] == {"id": str(job.pk)}


def test_a_body_that_is_very_long_goes_without_what_is_long(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "LARGEST", 500)
    with receiving() as server:
        hook(ada, server)
        jobs.ran(ada)
        (parcel,) = parcels.take(())
    assert '"params":null' in parcel.body
    assert '"outputs":null' in parcel.body


def test_with_another_secret_key_it_is_disabled_and_says_so(ada: User, settings: Any) -> None:
    with receiving() as server:
        hook(ada, server)
        jobs.ran(ada)
    settings.SECRET_KEY = "another one, which opens nothing that was sealed before"
    assert list(parcels.take(())) == []
    assert "SECRET_KEY" in Webhook.objects.get().disabled_why
    assert the_delivery().state == "failed"
