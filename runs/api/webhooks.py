"""REST: webhooks, and what became of what they were told."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from ninja import Query as FromQuery, Router

from accounts.authentication import READ, WRITE, ApiRequest, visible
from accounts.idempotency import found_again, once
from accounts.paging import page
from accounts.problems import fault, invalid, not_found
from accounts.schemas import Page, Paging
from runs import webhooks
from runs.models import Webhook
from runs.webhooks import DeliveryDocument, NewWebhook, WebhookBody, WebhookDocument
from workflows.models import Workflow

router = Router(tags=["webhooks"])


@router.get("/webhooks", auth=READ, response=Page[WebhookDocument])
def list_webhooks(request: ApiRequest, query: FromQuery[Paging]) -> HttpResponse:
    """Your webhooks, newest first, without their secrets. One that is disabled is told nothing any more."""
    rows = visible(Webhook.objects.standing(), request.auth)
    part = page(rows, order="-created_at", limit=query.limit, cursor=query.cursor)
    return JsonResponse(part.document(webhooks.document))


@router.post("/webhooks", auth=WRITE, response={201: NewWebhook, 200: WebhookDocument})
def make_webhook(request: ApiRequest, body: WebhookBody) -> HttpResponse:
    """A new webhook; `secret`, by which what it sends is verified, is shown this once.

    It hears of all that is yours, or of one workflow. What it sends follows the Standard Webhooks specification: a
    POST of `{type, timestamp, data}`, where `data` is the job, batch or asset, with the headers `webhook-id`,
    `webhook-timestamp` and `webhook-signature`. Answers other than 2xx are tried again, eight times in 28 to 33 hours;
    410 disables it. A repeat with the same Idempotency-Key is answered without the secret.
    """
    made_now: dict[str, str] = {}

    def make() -> str:
        hook, made_now["secret"] = webhooks.make(request.auth.user, body.url, body.events, _workflow(request, body))
        return str(hook.pk)

    made = once(request, request.auth, make, asked=request.body, check=lambda: webhooks.refuse(body.url))
    document = webhooks.document(found_again(request, _find, made))
    return JsonResponse({**document, **made_now}, status=made.status)


@router.delete("/webhooks/{uuid:webhook_id}", auth=WRITE, response={204: None})
def delete_webhook(request: ApiRequest, webhook_id: UUID) -> HttpResponse:
    """Deletes the webhook with its deliveries: what still waits is not sent."""
    _find(request, webhook_id).delete()
    return HttpResponse(status=204)


@router.get("/webhooks/{uuid:webhook_id}/deliveries", auth=READ, response=Page[DeliveryDocument])
def list_deliveries(request: ApiRequest, webhook_id: UUID, query: FromQuery[Paging]) -> HttpResponse:
    """What the webhook was told, newest first, with what its receiver answered.

    The newest 1,000 that have come to their end are kept, for 30 days.
    """
    rows = _find(request, webhook_id).deliveries.defer("body")
    part = page(rows, order="-created_at", limit=query.limit, cursor=query.cursor)
    return JsonResponse(part.document(webhooks.delivery_document))


def _find(request: ApiRequest, webhook_id: UUID) -> Webhook:
    hook: Webhook | None = visible(Webhook.objects.standing(), request.auth).filter(pk=webhook_id).first()
    if hook is None:
        raise not_found("There is no such webhook.")
    return hook


def _workflow(request: ApiRequest, body: WebhookBody) -> Workflow | None:
    """The workflow that it is about, which is one's own, as what is told are one's own jobs."""
    if body.workflow_id is None:
        return None
    found = Workflow.objects.visible_to(request.auth.user).filter(pk=body.workflow_id).first()
    if found is None:
        raise invalid(fault("bad_value", "You have no such workflow. Name one of your own.", name="workflow_id"))
    return found
