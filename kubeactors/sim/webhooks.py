"""The programs that webhooks of admission ask: each says what its address says that it does."""

import base64
from collections.abc import Mapping
from typing import cast

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.apiserver.admission.webhooks.call import CallWebhook, WebhookReply, no_call
from kubeactors.apiserver.admission.webhooks.review import JSON_PATCH, KIND, VERSION
from kubeactors.sim.users.rulings import PROGRAMS, Program, program_at

ERROR = 500
VALUE = "yes"


class _Request(msgspec.Struct):
    """What a program is asked about: the part of it that some look at."""

    uid: str
    new: dict[str, object] | None = msgspec.field(name="object")


class _Review(msgspec.Struct):
    request: _Request


class WebhookPrograms(Actor[CallWebhook], reentrant=True, deterministic=True):
    """All programs behind webhooks."""

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        """Do what the program at that address does, if there is one; nobody waits longer than he has said."""
        program = program_at(message.url) if message.url.startswith(PROGRAMS) else None
        if program is None:
            return await no_call(message)
        await self.ctx.sleep(min(program.takes_seconds, message.timeout_seconds))
        if program.takes_seconds > message.timeout_seconds:
            return WebhookReply(error="context deadline exceeded")
        return answer_of(program, message.body)


def answer_of(program: Program, question: bytes) -> WebhookReply:
    """What a program says to an AdmissionReview."""
    asked = msgspec.json.decode(question, type=_Review).request
    response: dict[str, object] = {"uid": asked.uid, "allowed": program.answer != "refuse"}
    if program.answer == "error":
        return WebhookReply(status=ERROR)
    if program.answer == "nonsense":
        response["uid"] = "another"
    if program.answer == "mark" and asked.new is not None:
        patch = msgspec.json.encode([marking(asked.new, program.mark)])
        response |= {"patchType": JSON_PATCH, "patch": base64.b64encode(patch).decode()}
    return WebhookReply(body=msgspec.json.encode({"apiVersion": VERSION, "kind": KIND, "response": response}))


def marking(value: Mapping[str, object], mark: str) -> dict[str, object]:
    """The operation of a JSON patch that gives a configuration map an entry more.

    >>> marking({"data": {"a": "b"}}, "marked-1")
    {'op': 'add', 'path': '/data/marked-1', 'value': 'yes'}
    """
    if cast("Mapping[str, str] | None", value.get("data")):
        return {"op": "add", "path": f"/data/{mark}", "value": VALUE}
    return {"op": "add", "path": "/data", "value": {mark: VALUE}}
