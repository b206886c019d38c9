"""The objects that users create besides workloads."""

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceValidation,
)
from kubeactors.api.core.v1 import (
    ConfigMap,
    HostPathVolumeSource,
    PersistentVolumeClaim,
    PersistentVolumeClaimVolumeSource,
    Pod,
    PodTemplate,
    PodTemplateSpec,
    Secret,
    Service,
    ServicePort,
    ServiceSpec,
    Volume,
)
from kubeactors.api.core.v1.limitrange import CLAIM, CONTAINER, LimitRange, LimitRangeItem, LimitRangeSpec
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeSpec
from kubeactors.api.core.v1.secret import SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec, VolumeResourceRequirements
from kubeactors.api.networking.v1.ingress import (
    Ingress,
    IngressBackend,
    IngressServiceBackend,
    IngressSpec,
    ServiceBackendPort,
)
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference, TypedObject
from kubeactors.apimachinery.unstructured import Unstructured, type_of_kind
from kubeactors.controllers.persistentvolume.provisioner import PROVISIONER
from kubeactors.sim.users.manifests import APP, LATE, NAMESPACE, pod_spec, storage_class
from kubeactors.sim.workload import (
    ClaimClass,
    CreateClaim,
    CreateOwnedObject,
    CreateService,
    CreateTenantObject,
    CreateTokenSecret,
    CreateVolume,
    SetLimitRange,
)

TIER = "tier"
"""A label that users set on Services."""
MANUAL = "manual"
GROUP, PLURAL = "example.org", "widgets"
CUSTOM = f"{PLURAL}.{GROUP}"
Widget: type[Unstructured] = type_of_kind(f"{GROUP}/v1", "Widget")
"""The custom kind that users define."""
HELD = f"{GROUP}/held"
"""The finalizer of such objects."""
TENANT, NUMBER = "tenant", "number"
"""The namespace with a quota, and the label that numbers the objects in it."""


def exposed(action: CreateService) -> Service:
    """The Service that the action creates."""
    headless, named = action.form == "Headless", len(action.ports) > 1
    ports = tuple(
        ServicePort(
            name=f"p-{port}" if named else "", port=80 + index, target_port=int(port) if port.isdigit() else port
        )
        for index, port in enumerate(action.ports)
    )
    spec = ServiceSpec(
        type="ClusterIP" if headless else action.form,
        cluster_ip="None" if headless else "",
        external_name="elsewhere.example.com" if action.form == "ExternalName" else "",
        ports=ports,
        selector={APP: action.of},
        publish_not_ready_addresses=action.not_ready,
        session_affinity="ClientIP" if action.sticky else "",
    )
    labels = {TIER: action.label} if action.label else {}
    return Service(metadata=ObjectMeta(name=action.name, namespace=NAMESPACE, labels=labels), spec=spec)


def storage(gibibytes: int) -> VolumeResourceRequirements:
    """The resource request of a claim."""
    return VolumeResourceRequirements(requests={"storage": f"{gibibytes}Gi"})


def free_volume(action: CreateVolume) -> PersistentVolume:
    """A volume that is not pre-bound."""
    spec = PersistentVolumeSpec(
        capacity={"storage": f"{action.gibibytes}Gi"},
        access_modes=("ReadWriteOnce",),
        storage_class_name=MANUAL,
        persistent_volume_reclaim_policy=action.policy,
        host_path=HostPathVolumeSource(path=f"/data/{action.name}"),
    )
    return PersistentVolume(metadata=ObjectMeta(name=action.name), spec=spec)


def class_named(name: ClaimClass) -> StorageClass:
    """The storage class; `late` provisions for the first consumer."""
    if name == MANUAL:
        return StorageClass(metadata=ObjectMeta(name=MANUAL), provisioner="kubernetes.io/no-provisioner")
    if name != LATE:
        return storage_class()
    metadata = ObjectMeta(name=LATE)
    return StorageClass(
        metadata=metadata,
        provisioner=PROVISIONER,
        volume_binding_mode="WaitForFirstConsumer",
        allow_volume_expansion=True,
    )


def sized_claim(action: CreateClaim) -> PersistentVolumeClaim:
    """The claim that the action creates."""
    spec = PersistentVolumeClaimSpec(
        access_modes=("ReadWriteOnce",), resources=storage(action.gibibytes), storage_class_name=action.of
    )
    return PersistentVolumeClaim(metadata=ObjectMeta(name=action.name, namespace=NAMESPACE), spec=spec)


def pod_using(claim: str) -> Pod:
    """A pod that mounts the claim."""
    source = PersistentVolumeClaimVolumeSource(claim_name=claim)
    spec = replace(pod_spec("1"), volumes=(Volume(name="data", persistent_volume_claim=source),))
    return Pod(metadata=ObjectMeta(name=f"user-of-{claim}", namespace=NAMESPACE, labels={APP: claim}), spec=spec)


def definition() -> CustomResourceDefinition:
    """The definition of the kind Widget."""
    anything: dict[str, object] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = CustomResourceDefinitionVersion(
        name="v1", served=True, storage=True, schema=CustomResourceValidation(open_api_v3_schema=anything)
    )
    names = CustomResourceDefinitionNames(plural=PLURAL, kind="Widget")
    spec = CustomResourceDefinitionSpec(group=GROUP, scope="Namespaced", names=names, versions=(version,))
    return CustomResourceDefinition(metadata=ObjectMeta(name=CUSTOM), spec=spec)


def owned(action: CreateOwnedObject, owners: tuple[OwnerReference, ...]) -> TypedObject:
    """The ConfigMap or Widget that the action creates."""
    metadata = ObjectMeta(
        name=action.name,
        namespace=NAMESPACE,
        owner_references=owners,
        finalizers=(HELD,) if action.held_seconds else (),
    )
    return Widget(metadata=metadata) if action.name.startswith("w") else ConfigMap(metadata=metadata)


def token_of(action: CreateTokenSecret) -> Secret:
    """The Secret for the token of an account."""
    metadata = ObjectMeta(name=action.name, namespace=NAMESPACE, annotations={SERVICE_ACCOUNT_NAME: action.account})
    return Secret(metadata=metadata, type=SERVICE_ACCOUNT_TOKEN)


def furniture(action: CreateTenantObject) -> TypedObject:
    """The object that the action creates in the tenant's namespace."""
    labels = {NUMBER: str(action.number)}
    metadata = ObjectMeta(name=f"{action.sort}-{action.number}", namespace=TENANT, labels=labels)
    match action.sort:
        case "pod":
            spec = pod_spec("1", cpu=action.cpu)
            return Pod(metadata=metadata, spec=replace(spec, active_deadline_seconds=3600 if action.ends else None))
        case "config-map":
            return ConfigMap(metadata=metadata, data={"kind": "furniture"})
        case "secret":
            return Secret(metadata=metadata)
        case "service":
            return Service(metadata=metadata, spec=ServiceSpec(type="NodePort", ports=(ServicePort(port=80),)))
        case "claim":
            claim = PersistentVolumeClaimSpec(
                access_modes=("ReadWriteOnce",), resources=storage(action.number), storage_class_name=MANUAL
            )
            return PersistentVolumeClaim(metadata=metadata, spec=claim)
        case "widget":
            return Widget(metadata=metadata)
        case "network-policy":
            return NetworkPolicy(metadata=metadata)
        case "ingress":
            backend = IngressBackend(service=IngressServiceBackend(name="front", port=ServiceBackendPort(number=80)))
            return Ingress(metadata=metadata, spec=IngressSpec(default_backend=backend))
        case "pod-template":
            return PodTemplate(metadata=metadata, template=PodTemplateSpec(spec=pod_spec("1")))


def limits_of(action: SetLimitRange) -> LimitRange:
    """The LimitRange that the action sets."""
    bounds = {"default": action.default, "min": action.smallest, "max": action.largest}
    cpu = {name: {"cpu": amount} for name, amount in bounds.items() if amount}
    items = [LimitRangeItem(type=CONTAINER, **cpu)] if cpu else []
    if action.gibibytes:
        items.append(LimitRangeItem(type=CLAIM, max={"storage": f"{action.gibibytes}Gi"}))
    metadata = ObjectMeta(name=f"limits-{action.number}", namespace=TENANT)
    return LimitRange(metadata=metadata, spec=LimitRangeSpec(limits=tuple(items)))
