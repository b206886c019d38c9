"""The contents of a pod's volumes. Pure.

Source: pkg/volume/{configmap,secret,projected,downwardapi} (v1.36).
"""

from collections.abc import Iterator, Mapping

from kubeactors.api.core.v1 import Container, Pod, Volume
from kubeactors.api.core.v1.volume import (
    DownwardAPIVolumeFile,
    KeyToPath,
    ServiceAccountTokenProjection,
    VolumeProjection,
)
from kubeactors.kubelet.claims import claim_of
from kubeactors.kubelet.environment import expand
from kubeactors.kubelet.fields import PodFacts, field_of, resource_of
from kubeactors.kubelet.materials import (
    TOKEN_VOLUME,
    MaterialMissing,
    Materials,
    keys_of_config_map,
    keys_of_secret,
)
from kubeactors.kubelet.runtimes import Mount
from kubeactors.kubelet.tokens import PodTokens, terms_of

SECOND = 1_000_000_000
SYNC = 60 * SECOND
"""How often the sources of volumes are read again. Source: syncFrequency of the kubelet's configuration."""
NO_MODES: Mapping[str, int] = {}
DEFAULT_MODE = 0o644
NOT_BOUND: Mapping[str, str] = {}


def check_volumes(facts: PodFacts, materials: Materials) -> tuple[str, str] | None:
    """The first volume that cannot be set up, and why; None if all can. Tokens do not matter if none are issued."""
    for volume in facts.pod.spec.volumes:
        if materials.tokens is not None or not volume.name.startswith(TOKEN_VOLUME):
            try:
                files_of(volume, facts, materials)
            except MaterialMissing as error:
                return volume.name, str(error)
    return None


def is_made_of_objects(pod: Pod) -> bool:
    """Whether the pod has volumes whose contents may change: from ConfigMaps and Secrets."""
    return any(
        one.config_map is not None or one.secret is not None or one.projected is not None
        for one in pod.spec.volumes
        if not one.name.startswith(TOKEN_VOLUME)
    )


def next_read(pod: Pod, materials: Materials, now: int) -> int | None:
    """When the sources of volumes must be read again; None if they do not change."""
    times = [now + SYNC] if is_made_of_objects(pod) else []
    renew_at = None if materials.tokens is None else materials.tokens.renew_at
    if renew_at is not None:
        times.append(max(renew_at, now + SYNC))
    return min(times, default=None)


def mounts_of(container: Container, facts: PodFacts, materials: Materials, env: Mapping[str, str]) -> tuple[Mount, ...]:
    """The mounts of a container with their contents; `env` is its environment.

    Raises:
        MaterialMissing: a volume refers to an object that does not exist.
    """
    volumes = {one.name: one for one in facts.pod.spec.volumes}
    return tuple(
        Mount(
            path=one.mount_path,
            directory=directory_of(volumes[one.name], facts.pod, materials.directories),
            files=_files_if_there(volumes[one.name], facts, materials),
            modes=modes_of(volumes[one.name]),
            default_mode=_default_mode(volumes[one.name]),
            sub_path=expand(one.sub_path_expr, env) if one.sub_path_expr else one.sub_path,
            read_only=bool(one.read_only),
        )
        for one in container.volume_mounts
        if one.name in volumes
    )


def directory_of(volume: Volume, pod: Pod, claims: Mapping[str, str] = NOT_BOUND) -> str:
    """The directory of a volume's contents: the pod's own, unless they outlive it.

    `claims` has the directories of claims; an unbound claim has one named after it.

    >>> directory_of(Volume(name="cache"), Pod())
    '/cache'
    """
    if claim := claim_of(volume, pod):
        return claims.get(claim, f"claims/{pod.metadata.namespace}/{claim}")
    if volume.host_path is not None:
        return volume.host_path.path
    return f"{pod.metadata.uid}/{volume.name}"


def files_of(volume: Volume, facts: PodFacts, materials: Materials) -> Mapping[str, bytes] | None:
    """The files of a volume that is made from objects; None for other volumes.

    Raises:
        MaterialMissing: it refers to a required object that does not exist.
    """
    if (config_map := volume.config_map) is not None:
        entries = keys_of_config_map(materials, config_map.name, optional=config_map.optional)
        return _chosen(entries, config_map.items, optional=config_map.optional)
    if (secret := volume.secret) is not None:
        entries = keys_of_secret(materials, secret.secret_name, optional=secret.optional)
        return _chosen(entries, secret.items, optional=secret.optional)
    if volume.downward_api is not None:
        return _facts(volume.downward_api.items, facts)
    if volume.projected is not None:
        files: dict[str, bytes] = {}
        for source in volume.projected.sources or ():
            files |= _projected(source, facts, materials)
        return files
    return None


def modes_of(volume: Volume) -> Mapping[str, int]:
    """The modes of files that specify one, by path."""
    found = {one.path: one.mode for one in _items_of(volume) if one.mode is not None}
    for source in (volume.projected.sources or ()) if volume.projected is not None else ():
        found |= {one.path: one.mode for one in _items_of(source) if one.mode is not None}
    return found or NO_MODES


def _items_of(source: Volume | VolumeProjection) -> Iterator[KeyToPath | DownwardAPIVolumeFile]:
    for one in (source.config_map, source.secret, source.downward_api):
        if one is not None:
            yield from one.items


def _default_mode(volume: Volume) -> int:
    for one in (volume.config_map, volume.secret, volume.downward_api, volume.projected):
        if one is not None and one.default_mode is not None:
            return one.default_mode
    return DEFAULT_MODE


def _files_if_there(volume: Volume, facts: PodFacts, materials: Materials) -> Mapping[str, bytes] | None:
    """The files; of the service account token volume, only those whose sources exist."""
    if not volume.name.startswith(TOKEN_VOLUME) or volume.projected is None:
        return files_of(volume, facts, materials)
    files: dict[str, bytes] = {}
    for source in volume.projected.sources or ():
        try:
            files |= _projected(source, facts, materials)
        except MaterialMissing:
            continue
    return files


def _projected(source: VolumeProjection, facts: PodFacts, materials: Materials) -> Mapping[str, bytes]:
    if (config_map := source.config_map) is not None:
        entries = keys_of_config_map(materials, config_map.name, optional=config_map.optional)
        return _chosen(entries, config_map.items, optional=config_map.optional)
    if (secret := source.secret) is not None:
        entries = keys_of_secret(materials, secret.name, optional=secret.optional)
        return _chosen(entries, secret.items, optional=secret.optional)
    if source.downward_api is not None:
        return _facts(source.downward_api.items, facts)
    if source.service_account_token is not None and materials.tokens is not None:
        return {source.service_account_token.path: _token(source.service_account_token, materials.tokens)}
    return {}


def _token(source: ServiceAccountTokenProjection, tokens: PodTokens) -> bytes:
    terms = terms_of(source)
    found = tokens.found.get(terms)
    if found is None:
        raise MaterialMissing(tokens.failures[terms])
    return found.text.encode()


def _chosen(
    entries: Mapping[str, bytes] | None, items: tuple[KeyToPath, ...], *, optional: bool | None
) -> Mapping[str, bytes]:
    """All entries, or the selected ones by their paths."""
    if entries is None or not items:
        return entries or {}
    missing = next((one.key for one in items if one.key not in entries), None)
    if missing is not None and not optional:
        raise MaterialMissing(f"references non-existent config key: {missing}")
    return {one.path: entries[one.key] for one in items if one.key in entries}


def _facts(items: tuple[DownwardAPIVolumeFile, ...], facts: PodFacts) -> Mapping[str, bytes]:
    return {one.path: _fact(one, facts).encode() for one in items}


def _fact(item: DownwardAPIVolumeFile, facts: PodFacts) -> str:
    if item.field_ref is not None:
        return field_of(item.field_ref.field_path, facts)
    selector = item.resource_field_ref
    spec = facts.pod.spec
    containers = {one.name: one for one in (*spec.init_containers, *spec.containers)}
    if selector is None or selector.container_name not in containers:
        return ""
    return resource_of(selector, containers[selector.container_name], facts)
