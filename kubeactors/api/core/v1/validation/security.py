"""Validation of security contexts."""

import re
from collections.abc import Iterator

from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.security import AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext
from kubeactors.api.core.v1.validation.common import messages, one_of
from kubeactors.api.core.v1.validation.paths import descending
from kubeactors.api.core.v1.validation.windows import validate_windows_options
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)

_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_MAX_PROFILE_PATH = 4095

_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"^({_SEGMENT}[\./])*{_SEGMENT}$"
_MAX_SYSCTL = 253
_is_sysctl = re.compile(_SYSCTL.removeprefix("^").removesuffix("$")).fullmatch

_IPC_SYSCTLS = ("kernel.shm_rmid_forced", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni")


def validate_security_context(context: SecurityContext, path: str, *, host_users: bool) -> Iterator[FieldError]:
    """The settings of a container are valid and do not conflict."""
    if context.run_as_user is not None:
        yield from messages(f"{path}.runAsUser", context.run_as_user, names.user_id(context.run_as_user))
    if context.run_as_group is not None:
        yield from messages(f"{path}.runAsGroup", context.run_as_group, names.user_id(context.run_as_group))
    if context.proc_mount is not None:
        yield from one_of(f"{path}.procMount", context.proc_mount, ("Default", "Unmasked"))
        if host_users and context.proc_mount == "Unmasked":
            yield invalid(f"{path}.procMount", context.proc_mount, "`hostUsers` must be false to use `Unmasked`")
    if context.seccomp_profile is not None:
        yield from _seccomp(context.seccomp_profile, f"{path}.seccompProfile")
    if context.allow_privilege_escalation is False:
        yield from _no_escalation(context, path)
    if context.windows_options is not None:
        yield from validate_windows_options(context.windows_options, f"{path}.windowsOptions")
    if context.app_armor_profile is not None:
        yield from validate_app_armor(context.app_armor_profile, f"{path}.appArmorProfile")


def validate_pod_security_context(context: PodSecurityContext, spec: PodSpec, path: str) -> Iterator[FieldError]:
    """The settings of a pod are valid."""
    yield from _ids(context, path)
    if spec.host_pid and spec.share_process_namespace:
        why = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(f"{path}.shareProcessNamespace", True, why)
    if context.sysctls:
        yield from _sysctls(context, spec, f"{path}.sysctls")
    yield from _policy(f"{path}.fsGroupChangePolicy", context.fs_group_change_policy, "Always", "OnRootMismatch")
    if context.seccomp_profile is not None:
        yield from _seccomp(context.seccomp_profile, f"{path}.seccompProfile")
    if context.windows_options is not None:
        yield from validate_windows_options(context.windows_options, f"{path}.windowsOptions")
    if context.app_armor_profile is not None:
        yield from validate_app_armor(context.app_armor_profile, f"{path}.appArmorProfile")
    yield from _policy(f"{path}.supplementalGroupsPolicy", context.supplemental_groups_policy, "Merge", "Strict")
    yield from _policy(f"{path}.seLinuxChangePolicy", context.se_linux_change_policy, "MountOption", "Recursive")


def _ids(context: PodSecurityContext, path: str) -> Iterator[FieldError]:
    for name, value in (
        ("fsGroup", context.fs_group),
        ("runAsUser", context.run_as_user),
        ("runAsGroup", context.run_as_group),
    ):
        if value is not None:
            yield from messages(f"{path}.{name}", value, names.user_id(value))
    for i, group in enumerate(context.supplemental_groups):
        yield from messages(f"{path}.supplementalGroups[{i}]", group, names.user_id(group))


def _policy(path: str, policy: str | None, *supported: str) -> Iterator[FieldError]:
    if policy is not None:
        yield from one_of(path, policy, supported)


def _no_escalation(context: SecurityContext, path: str) -> Iterator[FieldError]:
    if context.privileged:
        yield invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
    if context.capabilities is not None:
        for capability in context.capabilities.add:
            if capability == "CAP_SYS_ADMIN":
                why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
                yield invalid(path, context, why)


def _seccomp(profile: SeccompProfile, path: str) -> Iterator[FieldError]:
    if not profile.type:
        yield required(f"{path}.type", "type is required when seccompProfile is set")
    elif profile.type not in _PROFILES:
        yield not_supported(f"{path}.type", profile.type, _PROFILES)
    if profile.type != "Localhost":
        if profile.localhost_profile is not None:
            yield invalid(f"{path}.localhostProfile", profile, "can only be set when seccomp type is Localhost")
    elif profile.localhost_profile is None:
        yield required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost")
    else:
        yield from descending(profile.localhost_profile, f"{path}.localhostProfile")


def validate_app_armor(profile: AppArmorProfile, path: str) -> Iterator[FieldError]:
    """A profile has a known type, and a name if and only if it is a local one."""
    match profile.type:
        case "Localhost":
            yield from _local_app_armor(profile.localhost_profile, f"{path}.localhostProfile")
        case "RuntimeDefault" | "Unconfined":
            if profile.localhost_profile is not None:
                why = "can only be set when AppArmor type is Localhost"
                yield invalid(f"{path}.localhostProfile", profile.localhost_profile, why)
        case "":
            yield required(f"{path}.type", "type is required when appArmorProfile is set")
        case _:
            yield not_supported(f"{path}.type", profile.type, _PROFILES)


def _local_app_armor(name: str | None, path: str) -> Iterator[FieldError]:
    if not name:
        yield required(path, "must be set when AppArmor type is Localhost")
        return
    if name.strip() != name:
        yield invalid(path, name, "must not be padded with whitespace")
    if names.byte_length(name) > _MAX_PROFILE_PATH:
        yield too_long(path, _MAX_PROFILE_PATH)


def _sysctls(context: PodSecurityContext, spec: PodSpec, path: str) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for i, sysctl in enumerate(context.sysctls):
        key = f"{path}[{i}].name"
        if not sysctl.name:
            yield required(key)
        elif len(sysctl.name) > _MAX_SYSCTL or not _is_sysctl(sysctl.name):
            why = f"must have at most {_MAX_SYSCTL} characters and match regex {_SYSCTL}"
            yield invalid(key, sysctl.name, why)
        elif sysctl.name in seen:
            yield duplicate(key, sysctl.name)
        yield from _of_host(sysctl.name, spec, key)
        seen[sysctl.name] = None


def _of_host(name: str, spec: PodSpec, path: str) -> Iterator[FieldError]:
    """A pod in a host namespace may not set its sysctls.

    Source: component-helpers/node/util/sysctl/namespace.go (v1.36).
    """
    dotted = name.replace("/", ".")
    if spec.host_network and dotted.startswith("net."):
        yield invalid(path, name, "may not be specified when 'hostNetwork' is true")
    elif spec.host_ipc and (dotted in _IPC_SYSCTLS or dotted.startswith(("kernel.msg", "fs.mqueue."))):
        yield invalid(path, name, "may not be specified when 'hostIPC' is true")


def validate_host_users(spec: PodSpec, path: str) -> Iterator[FieldError]:
    """A pod with a user namespace may not share other host namespaces."""
    if spec.host_users is None or spec.host_users:
        return
    for name, shared in (("hostNetwork", spec.host_network), ("HostPID", spec.host_pid), ("HostIPC", spec.host_ipc)):
        if shared:
            yield forbidden(f"{path}.{name}", "when `pod.Spec.HostUsers` is false")
