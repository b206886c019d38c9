"""Default classes, and objects that name no class."""

from collections.abc import Awaitable

from msgspec.structs import replace

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.api.networking.v1.ingress import (
    Ingress,
    IngressBackend,
    IngressServiceBackend,
    IngressSpec,
    ServiceBackendPort,
)
from kubeactors.api.networking.v1.ingressclass import IS_DEFAULT as IS_DEFAULT_OF_INGRESSES
from kubeactors.api.networking.v1.ingressclass import IngressClass, IngressClassSpec
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.api.storage.v1.storageclass import IS_DEFAULT, StorageClass
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.sim.users.auxiliary import storage
from kubeactors.sim.users.manifests import NAMESPACE, pod_spec
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import Chosen, CreateWithoutClass, DefaultAction, DeleteClass, SetDefaultClass

AnyClass = IngressClass | StorageClass | PriorityClass


class Defaults:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: DefaultAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case SetDefaultClass():
                return self._set(action)
            case DeleteClass():
                wanted = _class(action.of, action.number)
                return self._session.remove(type(wanted), wanted.metadata.name, "")
            case CreateWithoutClass():
                return self._session.ensure(_nameless(action))

    async def _set(self, action: SetDefaultClass) -> None:
        found = _class(action.of, action.number)
        await self._session.ensure(_marked(found, default=action.default))
        name, default = found.metadata.name, action.default
        await self._session.change(type(found), name, lambda live: _marked(live, default=default), "")


def _class(of: Chosen, number: int) -> AnyClass:
    metadata = ObjectMeta(name=f"class-{number}")
    match of:
        case "ingress":
            return IngressClass(metadata=metadata, spec=IngressClassSpec(controller="example.org/nobody"))
        case "claim":
            return StorageClass(metadata=metadata, provisioner="kubernetes.io/no-provisioner")
        case "pod":
            return PriorityClass(metadata=metadata)


def _marked(found: AnyClass, *, default: bool) -> AnyClass:
    """The class, marked as the default or not."""
    if isinstance(found, PriorityClass):
        return replace(found, global_default=default)
    name = IS_DEFAULT if isinstance(found, StorageClass) else IS_DEFAULT_OF_INGRESSES
    annotations = {**found.metadata.annotations, name: "true" if default else "false"}
    return replace(found, metadata=replace(found.metadata, annotations=annotations))


def _nameless(action: CreateWithoutClass) -> TypedObject:
    metadata = ObjectMeta(name=f"plain-{action.number}", namespace=NAMESPACE)
    match action.of:
        case "ingress":
            service = IngressServiceBackend(name="front", port=ServiceBackendPort(number=80))
            return Ingress(metadata=metadata, spec=IngressSpec(default_backend=IngressBackend(service=service)))
        case "claim":
            spec = PersistentVolumeClaimSpec(access_modes=("ReadWriteOnce",), resources=storage(1))
            return PersistentVolumeClaim(metadata=metadata, spec=spec)
        case "pod":
            return Pod(metadata=metadata, spec=pod_spec("1"))
