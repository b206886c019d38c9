"""Runs the plugins of a profile once a node is selected: Reserve, Permit, PreBind, Bind, PostBind.

Source: pkg/scheduler/framework/runtime/framework.go (v1.36).
"""

from collections.abc import Awaitable, Sequence

from kubeactors.apimachinery.status import StatusError
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import (
    BindPlugin,
    PermitPlugin,
    PostBindPlugin,
    PreBindPlugin,
    PreFlightPlugin,
    ReservePlugin,
)
from kubeactors.scheduler.plugin_set import PluginSet
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Status, Wait

MAX_PERMIT_SECONDS = 15 * 60.0
"""The longest time, in seconds, that a Permit plugin can delay a pod."""

_NO_BINDER = Status(Code.ERROR, ("no Bind plugin handles the pod",), "")


class Binding:
    """The plugins of these extension points, in order."""

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
        """Each PreBind plugin, and again if it has PreBindPreFlight."""
        self._binds = binds
        self._post_binds = post_binds

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Run Reserve plugins; the first status undoes all."""
        for one in self._reserves:
            status = one.reserve(pod, node_name)
            if status is not None:
                self.unreserve(pod, node_name)
                return status.signed(one.name)
        return None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """Unreserve in reverse order."""
        for one in reversed(self._reserves):
            one.unreserve(pod, node_name)

    def permit(self, pod: PodInfo, node_name: str) -> Status | dict[str, float]:
        """The first rejection; or by plugin, how many seconds it delays the pod, if any does."""
        waits: dict[str, float] = {}
        for one in self._permits:
            found = one.permit(pod, node_name)
            if isinstance(found, Status):
                return found.signed(one.name)
            if isinstance(found, Wait):
                waits[one.name] = min(found.seconds, MAX_PERMIT_SECONDS)
        return waits

    async def prepare(self, pod: PodInfo, node_name: str) -> Status | None:
        """Run PreBind plugins. Returns the first failure."""
        for one, flight in self._pre_binds:
            if _has_work(flight, pod, node_name):
                status = await _said(one.name, "PreBind", one.pre_bind(pod, node_name))
                if status is not None:
                    return status
        return None

    async def bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Run Bind plugins. Returns the failure; None if the pod is bound.

        After a failure the pod may be bound nevertheless: do a live read.
        """
        for binder in self._binds:
            status = await _said(binder.name, "Bind", binder.bind(pod, node_name))
            if status is None or status.code != Code.SKIP:
                return status
        return _NO_BINDER

    def takes_long(self, pod: PodInfo, node_name: str) -> bool:
        """Whether a PreBind plugin has work, which may take long."""
        for _, flight in self._pre_binds:  # noqa: SIM110 -- hot path: a generator would cost as much as the calls
            if _has_work(flight, pod, node_name):
                return True
        return False

    def bound(self, pod: PodInfo, node_name: str) -> None:
        """Run PostBind plugins."""
        for one in self._post_binds:
            one.post_bind(pod, node_name)


def binding_of(plugins: PluginSet) -> Binding:
    """The plugins of a profile that implement these extension points and are enabled for them."""
    return Binding(
        [one for one in plugins.at("reserve") if provides(one, ReservePlugin)],
        [one for one in plugins.at("permit") if provides(one, PermitPlugin)],
        [one for one in plugins.at("preBind") if provides(one, PreBindPlugin)],
        [one for one in plugins.at("bind") if provides(one, BindPlugin)],
        [one for one in plugins.at("postBind") if provides(one, PostBindPlugin)],
    )


def _has_work(plugin: PreFlightPlugin | None, pod: PodInfo, node_name: str) -> bool:
    if plugin is None:
        return True
    status = plugin.pre_bind_pre_flight(pod, node_name)
    return status is None or status.code != Code.SKIP


async def _said(plugin: str, point: str, answer: Awaitable[Status | None]) -> Status | None:
    """Await a plugin's result; a `StatusError` becomes a status."""
    try:
        status = await answer
    except StatusError as error:
        status = Status(Code.ERROR, (str(error),))
    if status is None or status.code != Code.ERROR:
        return status
    return Status(Code.ERROR, (f'running {point} plugin "{plugin}": {status.message}',), plugin)
