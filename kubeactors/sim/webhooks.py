"""The servers that admission webhooks call: the URL of each says how it behaves."""

import base64
from collections import deque
from collections.abc import Mapping
from typing import TypeAlias, cast

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.actor.supervision import SECOND
from kubeactors.apiserver.admission.webhooks.call import CallWebhook, WebhookReply, no_call
from kubeactors.apiserver.admission.webhooks.review import JSON_PATCH, KIND, VERSION
from kubeactors.sim.users.admission_objects import PROGRAMS, Program, program_at

ERROR = 500
VALUE = "yes"


REMEMBERED = 120 * SECOND
"""How long calls are remembered, in virtual nanoseconds: longer than any request waits for its answer."""

Plain: TypeAlias = dict[str, object]
"""An object as decoded JSON."""


class Question(msgspec.Struct, frozen=True):
    """The relevant part of an AdmissionReview request."""

    uid: str
    name: str
    namespace: str
    new: Plain | None = msgspec.field(name="object")
    old: Plain | None = msgspec.field(name="oldObject")


class _Review(msgspec.Struct):
    request: Question


class WebhookPrograms(Actor[CallWebhook], reentrant=True, deterministic=True):
    """All webhook servers."""

    def __init__(self) -> None:
        self.asked: deque[tuple[int, str, Question]] = deque()
        """Calls, the newest last: time in virtual nanoseconds, the mark of the program, the request."""
        self.calls: int = 0
        """How many calls wait for their answers."""

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        """Behave as the URL says, within the caller's timeout; without a program there the call fails."""
        program = program_at(message.url) if message.url.startswith(PROGRAMS) else None
        if program is None:
            return await no_call(message)
        question = msgspec.json.decode(message.body, type=_Review).request
        self._remember(program, question)
        self.calls += 1
        try:
            await self.ctx.sleep(min(program.takes_seconds, message.timeout_seconds))
        finally:
            self.calls -= 1
        if program.takes_seconds > message.timeout_seconds:
            return WebhookReply(error="context deadline exceeded")
        return answer_of(program, question)

    def _remember(self, program: Program, question: Question) -> None:
        self.asked.append((self.ctx.now, program.mark, question))
        while self.asked[0][0] < self.ctx.now - REMEMBERED:
            self.asked.popleft()


def answer_of(program: Program, asked: Question) -> WebhookReply:
    """The answer of a program to an AdmissionReview."""
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
    """The JSON patch operation that adds an entry to a config map.

    >>> marking({"data": {"a": "b"}}, "marked-1")
    {'op': 'add', 'path': '/data/marked-1', 'value': 'yes'}
    """
    if cast("Mapping[str, str] | None", value.get("data")):
        return {"op": "add", "path": f"/data/{mark}", "value": VALUE}
    return {"op": "add", "path": "/data", "value": {mark: VALUE}}
