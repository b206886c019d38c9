"""ServiceAccount: every pod runs as a service account, with its token mounted.

Source: plugin/pkg/admission/serviceaccount/admission.go (v1.36).
"""

from random import Random
from typing import cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    ConfigMapProjection,
    Container,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    KeyToPath,
    LocalObjectReference,
    ObjectFieldSelector,
    Pod,
    PodSpec,
    ProjectedVolumeSource,
    ServiceAccountTokenProjection,
    Volume,
    VolumeMount,
    VolumeProjection,
)
from kubeactors.api.core.v1.serviceaccount import ServiceAccount
from kubeactors.apimachinery import names
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.admission.plugin import CREATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.objects import PODS

SERVICE_ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
DEFAULT_ACCOUNT = "default"
MIRROR = "kubernetes.io/config.mirror"
TOKEN_VOLUME_PREFIX = "kube-api-access-"  # noqa: S105  the name of a volume
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  a directory
TOKEN_SECONDS = 60 * 60 + 7
"""An hour, plus the seconds by which kubelets recognise the default."""


class ServiceAccountTokens(Plugin):
    """Sets the service account of pods and mounts its token; run by `SharedSpecs`."""

    def __init__(self, lookup: Lookup, random: Random) -> None:
        self._lookup = lookup
        self._random = random

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation of pods."""
        return kind.gvr == PODS and not subresource and operation == CREATE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with an account, and with image pull secrets and a token volume unless it has its own."""
        pod = cast("Pod", value)
        if MIRROR in pod.metadata.annotations:
            return pod
        account = self.account_of(pod, attributes)
        spec = replace(pod.spec, service_account_name=account.metadata.name, service_account=account.metadata.name)
        if not spec.image_pull_secrets and account.image_pull_secrets:
            secrets = tuple(LocalObjectReference(name=one.name) for one in account.image_pull_secrets)
            spec = replace(spec, image_pull_secrets=secrets)
        if _wants_token(spec, account):
            spec = self._with_token(spec)
        return replace(pod, spec=spec)

    def account_of(self, pod: Pod, attributes: Attributes) -> ServiceAccount:
        """The service account of a pod.

        Raises:
            Forbidden: it does not exist.
        """
        name = pod.spec.service_account_name or DEFAULT_ACCOUNT
        found = self._lookup.get(SERVICE_ACCOUNTS, attributes.namespace, name)
        if found is None:
            where = f"{attributes.namespace}/{name}"
            why = f'error looking up service account {where}: serviceaccount "{name}" not found'
            raise refused(pod, attributes, why)
        return cast("ServiceAccount", found)

    def _with_token(self, spec: PodSpec) -> PodSpec:
        existing = next((one.name for one in spec.volumes if _is_token_volume(one)), "")
        if not existing and all(map(_has_token, (*spec.init_containers, *spec.containers))):
            return spec
        name = existing or names.generate(TOKEN_VOLUME_PREFIX, self._random)
        volumes = spec.volumes if existing else (*spec.volumes, token_volume(name))
        mount = VolumeMount(name=name, read_only=True, mount_path=TOKEN_PATH)
        return replace(
            spec,
            volumes=volumes,
            init_containers=_mounted(spec.init_containers, mount),
            containers=_mounted(spec.containers, mount),
        )


def token_volume(name: str) -> Volume:
    """The volume at `TOKEN_PATH`: the token, the server's CA, and the namespace."""
    namespace = DownwardAPIVolumeFile(
        path="namespace", field_ref=ObjectFieldSelector(api_version="v1", field_path="metadata.namespace")
    )
    return Volume(
        name=name,
        projected=ProjectedVolumeSource(
            default_mode=0o644,
            sources=(
                VolumeProjection(
                    service_account_token=ServiceAccountTokenProjection(expiration_seconds=TOKEN_SECONDS, path="token")
                ),
                VolumeProjection(
                    config_map=ConfigMapProjection(
                        name="kube-root-ca.crt", items=(KeyToPath(key="ca.crt", path="ca.crt"),)
                    )
                ),
                VolumeProjection(downward_api=DownwardAPIProjection(items=(namespace,))),
            ),
        ),
    )


def _wants_token(spec: PodSpec, account: ServiceAccount) -> bool:
    if spec.automount_service_account_token is not None:
        return spec.automount_service_account_token
    return account.automount_service_account_token is not False


def _is_token_volume(volume: Volume) -> bool:
    return volume.name.startswith(TOKEN_VOLUME_PREFIX) and volume.projected is not None


def _has_token(container: Container) -> bool:
    return any(one.mount_path == TOKEN_PATH for one in container.volume_mounts)


def _mounted(containers: tuple[Container, ...], mount: VolumeMount) -> tuple[Container, ...]:
    return tuple(
        one if _has_token(one) else replace(one, volume_mounts=(*one.volume_mounts, mount)) for one in containers
    )
