"""The deprecated annotations for AppArmor profiles of containers, as fields of a new pod.

Source: applyAppArmorVersionSkew in pkg/registry/core/pod/strategy.go, ApparmorFieldForAnnotation in pkg/api/pod/util.go
(v1.36).
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.core.v1.container import Container
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.security import AppArmorProfile, SecurityContext
from kubeactors.api.core.v1.validation.annotations import APP_ARMOR
from kubeactors.api.core.v1.validation.security import validate_app_armor

C = TypeVar("C", bound=Container)

_UNCONFINED, _RUNTIME_DEFAULT, _LOCALHOST = "unconfined", "runtime/default", "localhost/"


def app_armor_profile(annotation: str) -> AppArmorProfile | None:
    """The profile that an annotation names; None if it names none that is valid.

    >>> app_armor_profile("localhost/audit"), app_armor_profile("nonsense")
    (AppArmorProfile(type='Localhost', localhost_profile='audit'), None)
    """
    made = None
    if annotation == _UNCONFINED:
        made = AppArmorProfile(type="Unconfined")
    elif annotation == _RUNTIME_DEFAULT:
        made = AppArmorProfile(type="RuntimeDefault")
    elif annotation.startswith(_LOCALHOST):
        made = AppArmorProfile(type="Localhost", localhost_profile=annotation.removeprefix(_LOCALHOST))
    return made if made is not None and not any(validate_app_armor(made, "")) else None


def with_app_armor(spec: PodSpec, annotations: Mapping[str, str]) -> tuple[PodSpec, tuple[str, ...]]:
    """The spec with profiles from annotations, and warnings about these annotations.

    A container keeps a profile of its own, and gets none that equals the pod's. The same spec is returned if nothing
    changes.
    """
    if not any(one.startswith(APP_ARMOR) for one in annotations) or (spec.os is not None and spec.os.name == "windows"):
        return spec, ()
    of_pod = spec.security_context.app_armor_profile if spec.security_context is not None else None
    warnings: list[str] = []

    def with_profile(container: C) -> C:
        own, key = container.security_context, f"{APP_ARMOR}{container.name}"
        if key not in annotations or (own is not None and own.app_armor_profile is not None):
            return container
        profile = app_armor_profile(annotations[key])
        if profile is not None and profile == of_pod:
            return container
        warnings.append(f'metadata.annotations[{key}]: deprecated since v1.30; use the "appArmorProfile" field instead')
        if profile is None:
            return container
        return replace(container, security_context=replace(own or SecurityContext(), app_armor_profile=profile))

    init, main = map(with_profile, spec.init_containers), map(with_profile, spec.containers)
    ephemeral = map(with_profile, spec.ephemeral_containers)
    made = replace(spec, init_containers=tuple(init), containers=tuple(main), ephemeral_containers=tuple(ephemeral))
    return (made if made != spec else spec), tuple(warnings)
