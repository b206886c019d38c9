"""The service controller: allocates load balancer addresses from a pool, in place of a cloud.

Source: staging/src/k8s.io/cloud-provider/controllers/service/controller.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Service
from kubeactors.api.core.v1.service import LOAD_BALANCER, LoadBalancerIngress, LoadBalancerStatus
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Change, Client, Controller, EventRecorder, Overlay, RecordEvent, SharedInformer, key_of
from kubeactors.message import Recipient
from kubeactors.network import IPAllocator

CLEANUP = "service.kubernetes.io/load-balancer-cleanup"
"""The finalizer of a Service that has an address from the pool."""

NO_ADDRESS_SECONDS = 60.0
"""How soon a Service is retried when the pool is exhausted."""


class ServiceLBController(Controller):
    """Allocates an address to each Service of type LoadBalancer, and releases it.

    A Service with a `loadBalancerClass` is left to other controllers. `loadBalancerIP` is ignored.

    Args:
        client: writes the status of Services.
        events: the event sink.
        pool: the address range, in CIDR notation.
        services: the informer of all Services.
    """

    def __init__(
        self, client: Client, events: Recipient[RecordEvent], pool: str, *, services: SharedInformer[Service]
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._pool = IPAllocator(pool)
        self._given: dict[str, str] = {}
        """The allocated addresses, by the key of the Service."""
        self._services = services.lister
        self._overlay: Overlay[Service] = Overlay(services.lister)
        self.observe(services, self._on_service)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "service-controller")

    def _on_service(self, change: Change[Service]) -> None:
        """A Service keeps the address in its status, even over a restart of this controller."""
        self._overlay.seen(change)
        address = _address(change.new) if change.new is not None and _is_ours(change.new) else ""
        if address and change.key not in self._given:
            self._pool.take(address, change.key)
            self._given[change.key] = address
        self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        """Allocate an address, or release it."""
        service = self._overlay.newest(key, self._services.by_key(key))
        if service is not None and _is_ours(service):
            await self._ensure(key, service)
        elif service is None or CLEANUP not in service.metadata.finalizers:
            self._release(key)
        else:
            self._recorder.normal(service, "DeletingLoadBalancer", "Deleting load balancer")
            await self._write(service, "", tuple(one for one in service.metadata.finalizers if one != CLEANUP))
            self._recorder.normal(service, "DeletedLoadBalancer", "Deleted load balancer")
            self._release(key)

    async def _ensure(self, key: str, service: Service) -> None:
        address = self._given.get(key) or self._pool.allocate(key)
        if address is None:
            message = "Error syncing load balancer: failed to ensure load balancer: no address of the pool is free"
            self._recorder.warning(service, "SyncLoadBalancerFailed", message)
            self.enqueue_after(key, NO_ADDRESS_SECONDS)
            return
        self._given[key] = address
        finalizers = service.metadata.finalizers
        if _address(service) == address and CLEANUP in finalizers:
            return
        self._recorder.normal(service, "EnsuringLoadBalancer", "Ensuring load balancer")
        await self._write(service, address, finalizers if CLEANUP in finalizers else (*finalizers, CLEANUP))
        self._recorder.normal(service, "EnsuredLoadBalancer", "Ensured load balancer")

    async def _write(self, service: Service, address: str, finalizers: tuple[str, ...]) -> None:
        ingress = (LoadBalancerIngress(ip=address, ip_mode="VIP"),) if address else ()
        wanted = replace(
            service,
            metadata=replace(service.metadata, finalizers=finalizers),
            status=replace(service.status, load_balancer=LoadBalancerStatus(ingress=ingress)),
        )
        try:
            self._overlay.wrote(key_of(service), await self._client.update(wanted, subresource="status"))
        except NotFound:
            return  # the event of that change will trigger the next sync

    def _release(self, key: str) -> None:
        address = self._given.pop(key, "")
        if address:
            self._pool.release(address, key)


def _is_ours(service: Service) -> bool:
    spec = service.spec
    stays = service.metadata.deletion_timestamp is None
    return stays and spec.type == LOAD_BALANCER and spec.load_balancer_class is None


def _address(service: Service) -> str:
    ingress = service.status.load_balancer.ingress
    return ingress[0].ip if ingress else ""
