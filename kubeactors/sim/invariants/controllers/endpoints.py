"""What holds of services: they lead to the pods that are ready."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1 import Endpoints, Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.rollouts import is_active, is_ready

SERVICE_NAME = "kubernetes.io/service-name"


class EndpointsEqualReadyPods(Invariant):
    """When all is quiet, a service leads to exactly the pods that it selects, ready and not, in both forms of endpoints."""

    name: ClassVar[str] = "endpoints-equal-ready-pods"

    def settled(self) -> Iterator[str]:
        """Look at each service with a selector."""
        for service in self.world.of(Service).values():
            if service.spec.selector:
                yield from self._look(service)

    def _look(self, service: Service) -> Iterator[str]:
        pods = [pod for pod in self._selected(service) if is_active(pod) and pod.status.pod_ip]
        for ready, what in ((True, "ready"), (False, "not ready")):
            expected = sorted(pod.status.pod_ip for pod in pods if is_ready(pod) is ready)
            for where, found in (
                ("endpoints", self._endpoints(service, ready=ready)),
                ("slices", self._slices(service, ready=ready)),
            ):
                if sorted(found) != expected:
                    yield f"the {where} of {title(service)} say {sorted(found)} are {what}, and {expected} are"

    def _selected(self, service: Service) -> Iterator[Pod]:
        for pod in self.world.of(Pod).values():
            labels = pod.metadata.labels
            if pod.metadata.namespace == service.metadata.namespace and all(
                labels.get(key) == value for key, value in service.spec.selector.items()
            ):
                yield pod

    def _endpoints(self, service: Service, *, ready: bool) -> list[str]:
        metadata = service.metadata
        found = self.world.find(Endpoints, metadata.name, metadata.namespace)
        subsets = found.subsets if found is not None else ()
        return [one.ip for subset in subsets for one in (subset.addresses if ready else subset.not_ready_addresses)]

    def _slices(self, service: Service, *, ready: bool) -> list[str]:
        return [
            address
            for one in self.world.of(EndpointSlice).values()
            if any(owner.uid == service.metadata.uid for owner in one.metadata.owner_references)
            for endpoint in one.endpoints or ()
            if not endpoint.conditions.terminating and endpoint.conditions.ready is ready
            for address in endpoint.addresses or ()
        ]


class MirrorsAreTrue(Invariant):
    """When all is quiet, the slices of a service without a selector say what people have written in its Endpoints."""

    name: ClassVar[str] = "mirrors-are-true"

    def settled(self) -> Iterator[str]:
        """Look at each service that selects nothing, and at slices whose service is gone."""
        for service in self.world.of(Service).values():
            metadata = service.metadata
            if not service.spec.selector and metadata.name != "kubernetes":
                found = self.world.find(Endpoints, metadata.name, metadata.namespace)
                subsets = found.subsets if found is not None else ()
                expected = sorted(one.ip for subset in subsets for one in subset.addresses)
                said = sorted(self._said(metadata.namespace, metadata.name))
                if said != expected:
                    yield f"the slices of {title(service)} say {said}, and its endpoints {expected}"
        for one in self.world.of(EndpointSlice).values():
            name = one.metadata.labels.get(SERVICE_NAME, "")
            if name and self.world.find(Service, name, one.metadata.namespace) is None:
                yield f"{title(one)} is there, and its service {name} is not"

    def _said(self, namespace: str, name: str) -> Iterator[str]:
        for one in self.world.of(EndpointSlice).values():
            if one.metadata.namespace == namespace and one.metadata.labels.get(SERVICE_NAME) == name:
                for endpoint in one.endpoints or ():
                    yield from endpoint.addresses or ()


INVARIANTS: tuple[type[Invariant], ...] = (EndpointsEqualReadyPods, MirrorsAreTrue)
