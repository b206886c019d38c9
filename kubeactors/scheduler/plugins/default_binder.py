"""DefaultBinder: binds through the API.

Source: pkg/scheduler/framework/plugins/defaultbinder/default_binder.go (v1.36).
"""

from kubeactors.client import Client
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Status


class DefaultBinder:
    """Posts a Binding."""

    name = "DefaultBinder"

    def __init__(self, client: Client) -> None:
        self._client = client

    async def bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Bind, or raise a `StatusError`."""
        await self._client.bind(pod.pod, node_name)
        return None
