"""The objects that a pod refers to: ConfigMaps, Secrets, volumes of claims, tokens, Services. Pure.

Source: pkg/kubelet/{configmap,secret} (v1.36).
"""

from collections.abc import Mapping

import msgspec

from kubeactors.api.core.v1 import ConfigMap, Container, Pod, Secret, Service, Volume
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.kubelet.claims import mounted_claims
from kubeactors.kubelet.tokens import PodTokens, TokenTerms, token_terms

TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 -- a name
"""The name prefix of the service account token volume, which every pod has and few read."""


class MaterialMissing(LookupError):
    """A required ConfigMap or Secret, or a key of it, does not exist; the message is Kubernetes'."""


class Wanted(msgspec.Struct, frozen=True):
    """The names of the objects that a pod needs, its tokens, and whether it needs the Services."""

    config_maps: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    tokens: tuple[TokenTerms, ...] = ()
    services: bool = False

    def __bool__(self) -> bool:
        return bool(self.config_maps or self.secrets or self.claims or self.tokens or self.services)


class Materials(msgspec.Struct, frozen=True):
    """The objects that a pod needs, by name; those that do not exist are left out."""

    config_maps: Mapping[str, ConfigMap] = {}
    secrets: Mapping[str, Secret] = {}
    directories: Mapping[str, str] = {}
    """The directory of each bound claim's volume."""
    unmountable: Mapping[str, str] = {}
    """The claims that cannot be mounted, and why."""
    tokens: PodTokens | None = None
    """The tokens of the pod's service account; None if none are issued, or they are not read yet."""
    services: tuple[Service, ...] | None = None
    """The Services of the pod's namespace, and `kubernetes`; None if they are not read yet."""

    def config_map(self, name: str) -> Mapping[str, bytes]:
        """The entries of a ConfigMap.

        Raises:
            MaterialMissing: it does not exist.
        """
        found = self.config_maps.get(name)
        if found is None:
            raise MaterialMissing(f'configmap "{name}" not found')
        return {key: text.encode() for key, text in found.data.items()} | found.binary_data

    def secret(self, name: str) -> Mapping[str, bytes]:
        """The entries of a Secret.

        Raises:
            MaterialMissing: it does not exist.
        """
        found = self.secrets.get(name)
        if found is None:
            raise MaterialMissing(f'secret "{name}" not found')
        return found.data


NO_MATERIALS = Materials()
NOTHING_WANTED = Wanted()


def wanted_by(pod: Pod, *, everything: bool) -> Wanted:
    """What a pod needs; without `everything` no Services, tokens, nor the other sources of the token volume.

    >>> wanted_by(Pod(), everything=True)
    Wanted(config_maps=(), secrets=(), claims=(), tokens=(), services=True)
    """
    spec = pod.spec
    config_maps: dict[str, None] = {}
    secrets: dict[str, None] = {}
    for volume in spec.volumes:
        if everything or not volume.name.startswith(TOKEN_VOLUME):
            _add_of_volume(volume, config_maps, secrets)
    for container in (*spec.init_containers, *spec.containers, *spec.ephemeral_containers):
        if container.env or container.env_from:
            _add_of_container(container, config_maps, secrets)
    claims = tuple(dict.fromkeys(claim for _, claim in mounted_claims(pod)))
    if not everything:
        has_any = config_maps or secrets or claims
        return Wanted(tuple(config_maps), tuple(secrets), claims) if has_any else NOTHING_WANTED
    return Wanted(
        config_maps=tuple(config_maps),
        secrets=tuple(secrets),
        claims=claims,
        tokens=tuple(dict.fromkeys(token_terms(pod))),
        services=True,
    )


def directory_of_volume(volume: PersistentVolume) -> str:
    """The directory of a PersistentVolume: its own path, or one named after it.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> directory_of_volume(PersistentVolume(metadata=ObjectMeta(name="pv-1")))
    'volumes/pv-1'
    """
    spec = volume.spec
    if spec.host_path is not None:
        return spec.host_path.path
    return spec.local.path if spec.local is not None else f"volumes/{volume.metadata.name}"


def _add_of_volume(volume: Volume, config_maps: dict[str, None], secrets: dict[str, None]) -> None:
    if volume.config_map is not None:
        config_maps[volume.config_map.name] = None
    if volume.secret is not None:
        secrets[volume.secret.secret_name] = None
    for source in (volume.projected.sources or ()) if volume.projected is not None else ():
        if source.config_map is not None:
            config_maps[source.config_map.name] = None
        if source.secret is not None:
            secrets[source.secret.name] = None


def _add_of_container(container: Container, config_maps: dict[str, None], secrets: dict[str, None]) -> None:
    for source in container.env_from:
        if source.config_map_ref is not None:
            config_maps[source.config_map_ref.name] = None
        if source.secret_ref is not None:
            secrets[source.secret_ref.name] = None
    for variable in container.env:
        if variable.value_from is not None and variable.value_from.config_map_key_ref is not None:
            config_maps[variable.value_from.config_map_key_ref.name] = None
        if variable.value_from is not None and variable.value_from.secret_key_ref is not None:
            secrets[variable.value_from.secret_key_ref.name] = None


def keys_of_config_map(materials: Materials, name: str, *, optional: bool | None) -> Mapping[str, bytes] | None:
    """The entries of a ConfigMap; None if it does not exist and is optional.

    Raises:
        MaterialMissing: it does not exist, and is not optional.
    """
    return None if optional and name not in materials.config_maps else materials.config_map(name)


def keys_of_secret(materials: Materials, name: str, *, optional: bool | None) -> Mapping[str, bytes] | None:
    """The entries of a Secret; None if it does not exist and is optional.

    Raises:
        MaterialMissing: it does not exist, and is not optional.
    """
    return None if optional and name not in materials.secrets else materials.secret(name)
