"""The programs that webhooks of admission ask: each says what its address says that it does."""

import base64
from collections import deque
from collections.abc import Mapping
from typing import TypeAlias, cast

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.actor.supervision import SECOND
from kubeactors.apiserver.admission.webhooks.call import CallWebhook, WebhookReply, no_call
from kubeactors.apiserver.admission.webhooks.review import JSON_PATCH, KIND, VERSION
from kubeactors.sim.users.rulings import PROGRAMS, Program, program_at

ERROR = 500
VALUE = "yes"


REMEMBERED = 120 * SECOND
"""How long it is known what was asked: longer than anybody waits for the answer to a request."""

Plain: TypeAlias = dict[str, object]
"""An object as JSON has it."""


class Question(msgspec.Struct, frozen=True):
    """What a program is asked about: the part of it that some look at."""

    uid: str
    name: str
    namespace: str
    new: Plain | None = msgspec.field(name="object")
    old: Plain | None = msgspec.field(name="oldObject")


class _Review(msgspec.Struct):
    request: Question


class WebhookPrograms(Actor[CallWebhook], reentrant=True, deterministic=True):
    """All programs behind webhooks."""

    def __init__(self) -> None:
        self.asked: deque[tuple[int, str, Question]] = deque()
        """When, in virtual nanoseconds, and of which mark the program is that was asked; the newest last."""

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        """Do what the program at that address does, if there is one; nobody waits longer than he has said."""
        program = program_at(message.url) if message.url.startswith(PROGRAMS) else None
        if program is None:
            return await no_call(message)
        question = msgspec.json.decode(message.body, type=_Review).request
        self._remember(program, question)
        await self.ctx.sleep(min(program.takes_seconds, message.timeout_seconds))
        if program.takes_seconds > message.timeout_seconds:
            return WebhookReply(error="context deadline exceeded")
        return answer_of(program, question)

    def _remember(self, program: Program, question: Question) -> None:
        self.asked.append((self.ctx.now, program.mark, question))
        while self.asked[0][0] < self.ctx.now - REMEMBERED:
            self.asked.popleft()


def answer_of(program: Program, asked: Question) -> WebhookReply:
    """What a program says to an AdmissionReview."""
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
