"""Validation of pod annotations with a meaning in Kubernetes."""

import re
from collections.abc import Callable, Iterator

from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.security import AppArmorProfile, SeccompProfile
from kubeactors.api.core.v1.validation.paths import descending
from kubeactors.api.core.v1.validation.windows import containers_with_path
from kubeactors.apimachinery.field import FieldError, forbidden, invalid

MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"

_is_int32 = re.compile("0|[1-9][0-9]*|-[1-9][0-9]*").fullmatch


def validate_pod_annotations(annotations: dict[str, str], spec: PodSpec, path: str) -> Iterator[FieldError]:
    """A mirror pod is bound to a node, costs are numbers, and profiles are valid."""
    if MIRROR in annotations and not spec.node_name:
        why = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(f"{path}[{MIRROR}]", annotations[MIRROR], why)
    cost = annotations.get(DELETION_COST)
    if cost is not None and not _is_cost(cost):
        yield invalid(f"{path}[{DELETION_COST}]", cost, "must be a 32bit integer")
    for key, value in annotations.items():
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            yield from _seccomp_name(value, f"{path}.{key}")
    for key, value in annotations.items():
        if key.startswith(APP_ARMOR):
            yield from _app_armor_name(key.removeprefix(APP_ARMOR), value, spec, f"{path}[{key}]")


def validate_annotations_kept(new: dict[str, str], old: dict[str, str], path: str) -> Iterator[FieldError]:
    """Some annotations are immutable."""
    for key, value in old.items():
        if new.get(key) != value:
            if key.startswith(APP_ARMOR):
                yield forbidden(f"{path}[{key}]", "may not remove or update AppArmor annotations")
            if key == MIRROR:
                yield forbidden(f"{path}[{key}]", "may not remove or update mirror pod annotation")
    for key in new:
        if key not in old:
            if key.startswith(APP_ARMOR):
                yield forbidden(f"{path}[{key}]", "may not add AppArmor annotations")
            if key == MIRROR:
                yield forbidden(f"{path}[{key}]", "may not add mirror pod annotation")


def validate_profiles_match(annotations: dict[str, str], spec: PodSpec, path: str) -> Iterator[FieldError]:
    """A profile in an annotation and that in the field agree."""
    context = spec.security_context
    of_pod = context.seccomp_profile if context else None
    if of_pod is not None and SECCOMP_POD in annotations:
        yield from _matches(annotations[SECCOMP_POD], of_pod, f"{path}.securityContext.seccompProfile")
    for container, at in containers_with_path(spec, path):
        profile = container.security_context.seccomp_profile if container.security_context else None
        value = annotations.get(f"{SECCOMP_CONTAINER}{container.name}")
        if profile is not None and value is not None:
            yield from _matches(value, profile, f"{at}.securityContext.seccompProfile")
    if spec.os is not None and spec.os.name == "windows":
        return
    for container, at in containers_with_path(spec, path):
        own = container.security_context.app_armor_profile if container.security_context else None
        armor = own or (context.app_armor_profile if context else None)
        value = annotations.get(f"{APP_ARMOR}{container.name}")
        if armor is not None and value is not None:
            yield from _matches(value, armor, f"{at}.securityContext.appArmorProfile")


def _is_cost(value: str) -> bool:
    return bool(_is_int32(value)) and -(2**31) <= int(value) < 2**31


def _seccomp_name(name: str, path: str) -> Iterator[FieldError]:
    if name.startswith("localhost/"):
        yield from descending(name.removeprefix("localhost/"), path)
    elif name not in {"runtime/default", "docker/default", "unconfined"}:
        yield invalid(path, name, "must be a valid seccomp profile")


def _app_armor_name(container: str, profile: str, spec: PodSpec, path: str) -> Iterator[FieldError]:
    if all(one.name != container for one, _ in containers_with_path(spec, "")):
        yield invalid(path, container, "container not found")
    if profile and profile not in {"runtime/default", "unconfined"} and not profile.startswith("localhost/"):
        yield invalid(path, profile, f'invalid AppArmor profile name: "{profile}"')


_NAMES_OF: dict[type, tuple[str, tuple[str, ...]]] = {
    SeccompProfile: ("seccomp", ("runtime/default", "docker/default")),
    AppArmorProfile: ("apparmor", ("runtime/default",)),
}


def _matches(annotation: str, profile: SeccompProfile | AppArmorProfile, path: str) -> Iterator[FieldError]:
    what, runtime_names = _NAMES_OF[type(profile)]
    matches: dict[str, Callable[[], bool]] = {
        "Unconfined": lambda: annotation == "unconfined",
        "RuntimeDefault": lambda: annotation in runtime_names,
        "Localhost": lambda: annotation.startswith("localhost/"),
    }
    if profile.type not in matches:
        return
    if not matches[profile.type]():
        yield forbidden(f"{path}.type", f"{what} type in annotation and field must match")
    elif profile.type == "Localhost" and annotation.removeprefix("localhost/") != profile.localhost_profile:
        yield forbidden(f"{path}.localhostProfile", f"{what} profile in annotation and field must match")
