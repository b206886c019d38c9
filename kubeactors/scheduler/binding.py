"""What plugins do with a pod once its node is chosen: reserve, permit, prepare, bind.

Source: pkg/scheduler/framework/runtime/framework.go (v1.36).
"""

from collections.abc import Awaitable, Sequence

from kubeactors.apimachinery.status import StatusError
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import (
    BindPlugin,
    Code,
    PermitPlugin,
    PostBindPlugin,
    PreBindPlugin,
    PreFlightPlugin,
    ReservePlugin,
    Status,
    Wait,
)
from kubeactors.scheduler.pod_info import PodInfo

MAX_PERMIT_SECONDS = 15 * 60.0
"""No plugin holds a pod up for longer."""

_NOBODY = Status(Code.ERROR, ("no Bind plugin is there for the pod",), "")


class Binding:
    """The plugins of a profile at these extension points, in order."""

    def __init__(
        self,
        reserves: Sequence[ReservePlugin],
        permits: Sequence[PermitPlugin],
        pre_binds: Sequence[PreBindPlugin],
        binds: Sequence[BindPlugin],
        post_binds: Sequence[PostBindPlugin],
    ) -> None:
        self._reserves = reserves
        self._permits = permits
        self._pre_binds = [(one, one if provides(one, PreFlightPlugin) else None) for one in pre_binds]
        """Each with itself if it can say that it has nothing to do."""
        self._binds = binds
        self._post_binds = post_binds

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Tell the plugins that keep books; the first refusal undoes all."""
        for one in self._reserves:
            status = one.reserve(pod, node_name)
            if status is not None:
                self.unreserve(pod, node_name)
                return status.signed(one.name)
        return None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """Undo, last first."""
        for one in reversed(self._reserves):
            one.unreserve(pod, node_name)

    def permit(self, pod: PodInfo, node_name: str) -> Status | dict[str, float]:
        """The first refusal; or for how many seconds each plugin holds the pod up, if any does."""
        waits: dict[str, float] = {}
        for one in self._permits:
            found = one.permit(pod, node_name)
            if isinstance(found, Status):
                return found.signed(one.name)
            if isinstance(found, Wait):
                waits[one.name] = min(found.seconds, MAX_PERMIT_SECONDS)
        return waits

    async def prepare(self, pod: PodInfo, node_name: str) -> Status | None:
        """Do what must be done first. Why that failed; None if all is ready."""
        for one, flight in self._pre_binds:
            if _has_work(flight, pod, node_name):
                status = await _said(one.name, "PreBind", one.pre_bind(pod, node_name))
                if status is not None:
                    return status
        return None

    async def bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Bind. Why that failed; None if the pod is bound.

        A failure may have happened after the pod was bound: see what the API server says.
        """
        for binder in self._binds:
            status = await _said(binder.name, "Bind", binder.bind(pod, node_name))
            if status is None or status.code != Code.SKIP:
                return status
        return _NOBODY

    def takes_long(self, pod: PodInfo, node_name: str) -> bool:
        """Whether there is something to prepare, which may take long."""
        for _, flight in self._pre_binds:  # noqa: SIM110 -- a generator costs as much as the answers, for every pod
            if _has_work(flight, pod, node_name):
                return True
        return False

    def bound(self, pod: PodInfo, node_name: str) -> None:
        """Tell those who want to know."""
        for one in self._post_binds:
            one.post_bind(pod, node_name)


def _has_work(plugin: PreFlightPlugin | None, pod: PodInfo, node_name: str) -> bool:
    if plugin is None:
        return True
    status = plugin.pre_bind_pre_flight(pod, node_name)
    return status is None or status.code != Code.SKIP


async def _said(plugin: str, point: str, answer: Awaitable[Status | None]) -> Status | None:
    """What a plugin answers; a failure of a request is an answer too."""
    try:
        status = await answer
    except StatusError as error:
        status = Status(Code.ERROR, (str(error),))
    if status is None or status.code != Code.ERROR:
        return status
    return Status(Code.ERROR, (f'running {point} plugin "{plugin}": {status.message}',), plugin)
