"""The audit events of one request.

Source: apiserver/pkg/audit/context.go, apiserver/pkg/endpoints/filters/audit.go (v1.36).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.audit import event as events
from kubeactors.apiserver.audit.event import Event, ResponseStatus
from kubeactors.apiserver.audit.policy import Recording, Stage
from kubeactors.apiserver.authorization import Decision

WriteLine: TypeAlias = Callable[[bytes], object]
"""Writes a line of the log, at once or soon; never raises."""


class Trail:
    """Gathers what is known about a request, and records it at its stages.

    Args:
        event: the request, as received.
        recording: what the policy records of it.
        write: where the lines go.
        clock: returns Unix nanoseconds.
        starts: whether the start of the response is recorded, as for requests that run long.
        completes: whether the end is.
    """

    def __init__(  # noqa: PLR0913 -- made in one place
        self,
        event: Event,
        recording: Recording,
        write: WriteLine,
        clock: Callable[[], int],
        *,
        starts: bool = False,
        completes: bool = True,
    ) -> None:
        self._event = event
        self._recording = recording
        self._write = write
        self._clock = clock
        self._starts = starts
        self._last = Stage.RESPONSE_COMPLETE if completes else None
        self._started = False

    def received(self, at: int) -> None:
        """The request has arrived, at this time in Unix nanoseconds."""
        self._record(Stage.REQUEST_RECEIVED, at)

    def impersonated(self, user: UserInfo, constraint: str) -> None:
        """The request is served as another user; `constraint` is the verb of the constrained mode, if it is one."""
        self._event = events.with_impersonated(self._event, user, constraint)

    def decided(self, decision: Decision) -> None:
        """The request is allowed or forbidden."""
        self.annotate(events.DECISION, "allow" if decision.allowed else "forbid")
        self.annotate(events.REASON, decision.reason)

    def annotate(self, key: str, value: str) -> None:
        """Add an annotation."""
        self._event = events.annotated(self._event, key, value)

    def read(self, sent: TypedObject | DeleteOptions) -> None:
        """The body of the request is this object."""
        omits = self._recording.omit_managed_fields
        self._event = events.with_request(self._event, sent, omit_managed_fields=omits)

    def read_patch(self, patch: bytes, media_type: str) -> None:
        """The body of the request is this patch."""
        self._event = events.with_patch(self._event, patch, media_type)

    def answered(self, json: Sequence[bytes]) -> None:
        """The response is an object, in pieces of JSON."""
        omits = self._recording.omit_managed_fields
        self._event = events.with_response(self._event, json, omit_managed_fields=omits)

    def answered_status(self, status: Status) -> None:
        """The response is a Status."""
        self._event = events.with_status(self._event, status)
        self.answered((msgspec.json.encode(status),))

    def failed(self, error: Exception) -> None:
        """The request has failed by an error of ours."""
        said = Status(status="Failure", message=f"APIServer panic'd: {error}", reason="InternalError", code=500)
        self._event = events.with_status(self._event, said)
        self._last = Stage.PANIC

    def started(self, code: int) -> None:
        """The response begins, with this code."""
        self._started = True
        self._event = events.with_code(self._event, code)
        if self._starts:
            self._record(Stage.RESPONSE_STARTED, self._clock())

    def ended(self, without_response: ResponseStatus = events.CANCELLED) -> None:
        """The response is complete, or its client is gone; the first call counts."""
        if self._last is None:
            return
        if not self._started:
            self._event = msgspec.structs.replace(self._event, response_status=without_response)
        last, self._last = self._last, None
        self._record(last, self._clock())

    def _record(self, stage: Stage, at: int) -> None:
        if stage not in self._recording.omit_stages:
            self._write(events.line(self._event, stage, at))
