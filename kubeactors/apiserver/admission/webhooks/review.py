"""AdmissionReview: what a webhook is asked, and what it answers.

Source: api/admission/v1/types.go, apiserver/pkg/admission/plugin/webhook/{request/admissionreview.go,errors/statuserror.go}
(v1.36).
"""

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.serializer import to_builtins
from kubeactors.apimachinery.status import Forbidden, Status, StatusError
from kubeactors.apiserver.admission.plugin import CREATE, Attributes
from kubeactors.apiserver.admission.policies.expressions import request_of

VERSION, KIND = "admission.k8s.io/v1", "AdmissionReview"
JSON_PATCH = "JSONPatch"
_REFUSALS = 400


class Nonsense(Exception):
    """The answer is none; the message says why."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a webhook says of a request. `patch` is a JSON patch."""

    uid: str = ""
    allowed: bool = False
    status: Status | None = None
    patch: bytes = b""
    patch_type: str | None = None
    warnings: tuple[str, ...] = ()


class _Review(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    response: Answer | None = None


def question(uid: str, value: TypedObject | None, attributes: Attributes) -> bytes:
    """The body to post. `uid` names the question; the answer repeats it."""
    old = attributes.old if attributes.operation != CREATE else None
    request = {
        **request_of(value, attributes),
        "uid": uid,
        "object": None if value is None else to_builtins(value),
        "oldObject": None if old is None else to_builtins(old),
        "options": None,
    }
    return msgspec.json.encode({"kind": KIND, "apiVersion": VERSION, "request": request})


def read_answer(body: bytes, uid: str, *, may_patch: bool) -> Answer:
    """What a webhook has answered to the question of that uid.

    Raises:
        Nonsense: it is no answer to it.
    """
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Nonsense(f"received invalid webhook response: {error}") from error
    if (review.api_version, review.kind) != (VERSION, KIND):
        wanted = f"expected webhook response of {VERSION}, Kind={KIND}"
        raise Nonsense(f"received invalid webhook response: {wanted}, got {review.api_version}, Kind={review.kind}")
    answer = review.response
    if answer is None:
        raise Nonsense("webhook response was absent")
    if answer.uid != uid:
        raise Nonsense(f'received invalid webhook response: expected response.uid="{uid}", got "{answer.uid}"')
    if answer.patch and not may_patch:
        raise Nonsense("received invalid webhook response: validating webhook may not return response.patch")
    if answer.patch and answer.patch_type != JSON_PATCH:
        wanted = f'expected response.patchType="{JSON_PATCH}"'
        raise Nonsense(f'received invalid webhook response: {wanted}, got "{answer.patch_type or ""}"')
    return answer


def patch_in(answer: Answer) -> bytes:
    """The JSON patch that a webhook wants made; empty if there is nothing to do.

    Raises:
        Nonsense: it is none.

    >>> patch_in(Answer(allowed=True, patch=b"[ ]"))
    b''
    """
    try:
        operations = msgspec.json.decode(answer.patch or b"[]", type=list[dict[str, object]])
    except msgspec.MsgspecError as error:
        raise Nonsense(f"received undecodable patch in webhook response: {error}") from error
    return answer.patch if operations else b""


def refusal(name: str, answer: Answer) -> StatusError:
    """What the client is told of a request that a webhook does not allow.

    >>> print(refusal("w.example.com", Answer(status=Status(message="not today"))))
    admission webhook "w.example.com" denied the request: not today
    """
    given = answer.status or Status()
    why = given.message or given.reason
    said = f'admission webhook "{name}" denied the request' + (f": {why}" if why else " without explanation")
    code = given.code if given.code >= _REFUSALS else Forbidden.code
    status = Status(status="Failure", message=said, reason=given.reason, details=given.details, code=code)
    return StatusError.of(status)
