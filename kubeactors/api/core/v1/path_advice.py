"""Warnings about files of volumes that overwrite one another, or lie below another file.

Source: warningsForOverlappingVirtualPaths in pkg/api/pod/warnings.go (v1.36).
"""

import json
from collections.abc import Iterable, Iterator

from kubeactors.api.core.v1.volume import PodCertificateProjection, Volume, VolumeProjection

_NO_SOURCE = VolumeProjection()
_File = tuple[str, str]
"""A path, and the source that it comes from; "" if the volume has only one."""


def warn_of_paths(volumes: Iterable[Volume]) -> Iterator[str]:
    """The overlaps within each volume.

    >>> from kubeactors.api.core.v1.volume import ConfigMapVolumeSource, KeyToPath
    >>> items = (KeyToPath(key="a", path="etc"), KeyToPath(key="b", path="etc/hosts"))
    >>> list(warn_of_paths([Volume(name="v", config_map=ConfigMapVolumeSource(name="c", items=items))]))
    ['volume "v" (ConfigMap "c"): overlapping paths: "etc/hosts" with "etc"']
    """
    for volume in volumes:
        name = json.dumps(volume.name)
        if volume.config_map is not None:
            files = [(item.path, "") for item in volume.config_map.items]
            yield from _overlaps(files, f"volume {name} (ConfigMap {json.dumps(volume.config_map.name)})")
        if volume.secret is not None:
            files = [(item.path, "") for item in volume.secret.items]
            yield from _overlaps(files, f"volume {name} (Secret {json.dumps(volume.secret.secret_name)})")
        if volume.downward_api is not None:
            files = [(item.path, "") for item in volume.downward_api.items]
            yield from _overlaps(files, f"volume {name} (DownwardAPI)")
        if volume.projected is not None:
            sources = volume.projected.sources or ()
            yield from (f"volume {name} (Projected) has no sources provided" for one in sources if one == _NO_SOURCE)
            files = [file for source in sources for file in _files(source)]
            yield from _overlaps(files, f"volume {name} (Projected)")


def _files(source: VolumeProjection) -> list[_File]:
    if source.config_map is not None:
        return [(item.path, f"ConfigMap {json.dumps(source.config_map.name)}") for item in source.config_map.items]
    if source.secret is not None:
        return [(item.path, f"Secret {json.dumps(source.secret.name)}") for item in source.secret.items]
    if source.downward_api is not None:
        return [(item.path, "DownwardAPI") for item in source.downward_api.items]
    if source.service_account_token is not None:
        return [(source.service_account_token.path, "ServiceAccountToken")]
    bundle = source.cluster_trust_bundle
    if bundle is not None:
        return [(bundle.path, f"ClusterTrustBundle {json.dumps(bundle.name or bundle.signer_name or '')}")]
    return [] if source.pod_certificate is None else _certificate_files(source.pod_certificate)


def _certificate_files(source: PodCertificateProjection) -> list[_File]:
    files = (
        (source.certificate_chain_path, "PodCertificate chain"),
        (source.key_path, "PodCertificate key"),
        (source.credential_bundle_path, "PodCertificate credential bundle"),
    )
    return [file for file in files if file[0]]


def _overlaps(files: Iterable[_File], volume: str) -> Iterator[str]:
    seen: list[_File] = []
    for path, source in files:
        file = (path.rstrip("/"), source)
        yield from (
            f"{volume}: overlapping paths: {_shown(file)} with {_shown(one)}" for one in seen if _clash(one, file)
        )
        seen.append(file)


def _clash(one: _File, other: _File) -> bool:
    """Whether the paths are equal, or one is a directory of the other."""
    first, second = f"{one[0]}/", f"{other[0]}/"
    return bool(one[0] and other[0]) and (first.startswith(second) or second.startswith(first))


def _shown(file: _File) -> str:
    path, source = file
    return f"{json.dumps(path)} ({source})" if source else json.dumps(path)
