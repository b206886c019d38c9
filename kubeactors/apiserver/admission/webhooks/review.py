"""AdmissionReview: the request to a webhook, and its response.

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


class InvalidResponse(Exception):
    """The response is not valid; the message says why."""


class AdmissionResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """AdmissionResponse. `patch` is a JSON patch."""

    uid: str = ""
    allowed: bool = False
    status: Status | None = None
    patch: bytes = b""
    patch_type: str | None = None
    warnings: tuple[str, ...] = ()


class _Review(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    response: AdmissionResponse | None = None


def question(uid: str, value: TypedObject | None, attributes: Attributes) -> bytes:
    """The body to post. `uid` identifies the request; the response repeats it."""
    old = attributes.old if attributes.operation != CREATE else None
    request = {
        **request_of(value, attributes),
        "uid": uid,
        "object": None if value is None else to_builtins(value),
        "oldObject": None if old is None else to_builtins(old),
        "options": None,
    }
    return msgspec.json.encode({"kind": KIND, "apiVersion": VERSION, "request": request})


def read_response(body: bytes, uid: str, *, may_patch: bool) -> AdmissionResponse:
    """The response to the request of that uid.

    Raises:
        InvalidResponse: it is not valid.
    """
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidResponse(f"received invalid webhook response: {error}") from error
    if (review.api_version, review.kind) != (VERSION, KIND):
        wanted = f"expected webhook response of {VERSION}, Kind={KIND}"
        raise InvalidResponse(
            f"received invalid webhook response: {wanted}, got {review.api_version}, Kind={review.kind}"
        )
    response = review.response
    if response is None:
        raise InvalidResponse("webhook response was absent")
    if response.uid != uid:
        raise InvalidResponse(f'received invalid webhook response: expected response.uid="{uid}", got "{response.uid}"')
    if response.patch and not may_patch:
        raise InvalidResponse("received invalid webhook response: validating webhook may not return response.patch")
    if response.patch and response.patch_type != JSON_PATCH:
        wanted = f'expected response.patchType="{JSON_PATCH}"'
        raise InvalidResponse(f'received invalid webhook response: {wanted}, got "{response.patch_type or ""}"')
    return response


def patch_in(response: AdmissionResponse) -> bytes:
    """The JSON patch of a response; empty if it changes nothing.

    Raises:
        InvalidResponse: it is not valid.

    >>> patch_in(AdmissionResponse(allowed=True, patch=b"[ ]"))
    b''
    """
    try:
        operations = msgspec.json.decode(response.patch or b"[]", type=list[dict[str, object]])
    except msgspec.MsgspecError as error:
        raise InvalidResponse(f"received undecodable patch in webhook response: {error}") from error
    return response.patch if operations else b""


def refusal(name: str, response: AdmissionResponse) -> StatusError:
    """The error for a request that a webhook does not allow.

    >>> print(refusal("w.example.com", AdmissionResponse(status=Status(message="not today"))))
    admission webhook "w.example.com" denied the request: not today
    """
    given = response.status or Status()
    why = given.message or given.reason
    said = f'admission webhook "{name}" denied the request' + (f": {why}" if why else " without explanation")
    code = given.code if given.code >= _REFUSALS else Forbidden.code
    status = Status(status="Failure", message=said, reason=given.reason, details=given.details, code=code)
    return StatusError.of(status)
