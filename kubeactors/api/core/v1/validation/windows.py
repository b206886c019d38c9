"""What Windows pods may and may not say."""

import re
from collections.abc import Iterator

from kubeactors.api.core.v1.container import Container
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.security import WindowsSecurityContextOptions
from kubeactors.api.core.v1.validation.common import messages
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required

_MAX_CREDENTIAL_SPEC = 64 * 1024
_MAX_DOMAIN = 256
_MAX_USER = 104

_has_control = re.compile(r"[\x00-\x1f\x7f]").search
_is_netbios = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}').fullmatch
_DOMAIN_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_is_domain = re.compile(rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*").fullmatch
_is_dots_or_spaces = re.compile(r"[. ]+").fullmatch
_has_bad_char = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search

_OF_POD = (
    ("securityContext.appArmorProfile", "app_armor_profile"),
    ("securityContext.seLinuxOptions", "se_linux_options"),
    ("securityContext.seccompProfile", "seccomp_profile"),
    ("securityContext.fsGroup", "fs_group"),
    ("securityContext.fsGroupChangePolicy", "fs_group_change_policy"),
    ("securityContext.sysctls", "sysctls"),
    ("securityContext.runAsUser", "run_as_user"),
    ("securityContext.runAsGroup", "run_as_group"),
    ("securityContext.supplementalGroups", "supplemental_groups"),
    ("securityContext.supplementalGroupsPolicy", "supplemental_groups_policy"),
    ("securityContext.seLinuxChangePolicy", "se_linux_change_policy"),
)
_OF_CONTAINER = (
    ("appArmorProfile", "app_armor_profile"),
    ("seLinuxOptions", "se_linux_options"),
    ("seccompProfile", "seccomp_profile"),
    ("capabilities", "capabilities"),
    ("readOnlyRootFilesystem", "read_only_root_filesystem"),
    ("privileged", "privileged"),
    ("allowPrivilegeEscalation", "allow_privilege_escalation"),
    ("procMount", "proc_mount"),
    ("runAsUser", "run_as_user"),
    ("runAsGroup", "run_as_group"),
)
_NOT_ON_WINDOWS = "cannot be set for a windows pod"


def containers_with_path(spec: PodSpec, path: str) -> Iterator[tuple[Container, str]]:
    """All containers, in Kubernetes' order: init containers first, ephemeral ones last."""
    for field, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
        ("ephemeralContainers", spec.ephemeral_containers),
    ):
        for i, container in enumerate(containers):
            yield container, f"{path}.{field}[{i}]"


def validate_os(spec: PodSpec, path: str) -> Iterator[FieldError]:
    """The operating system is a known one, and nothing belongs to another."""
    if spec.os is None:
        return
    match spec.os.name:
        case "":
            yield required(f"{path}.os.name", "cannot be empty")
        case "linux":
            yield from _only_linux(spec, path)
        case "windows":
            yield from _only_windows(spec, path)
        case other:
            yield not_supported(f"{path}.os", other, ("linux", "windows"))


def _only_linux(spec: PodSpec, path: str) -> Iterator[FieldError]:
    why = "windows options cannot be set for a linux pod"
    if spec.security_context is not None and spec.security_context.windows_options is not None:
        yield forbidden(f"{path}.securityContext.windowsOptions", why)
    for container, at in containers_with_path(spec, path):
        if container.security_context is not None and container.security_context.windows_options is not None:
            yield forbidden(f"{at}.securityContext.windowsOptions", why)


def _only_windows(spec: PodSpec, path: str) -> Iterator[FieldError]:
    for name, given in (
        ("hostUsers", spec.host_users is not None),
        ("hostPID", spec.host_pid),
        ("hostIPC", spec.host_ipc),
        ("shareProcessNamespace", spec.share_process_namespace is not None),
    ):
        if given:
            yield forbidden(f"{path}.{name}", _NOT_ON_WINDOWS)
    if spec.security_context is not None:
        yield from _unset(spec.security_context, _OF_POD, path)
    for container, at in containers_with_path(spec, path):
        if container.security_context is not None:
            yield from _unset(container.security_context, _OF_CONTAINER, f"{at}.securityContext")


def _unset(context: object, fields: tuple[tuple[str, str], ...], path: str) -> Iterator[FieldError]:
    for name, attribute in fields:
        if getattr(context, attribute) not in (None, ()):
            yield forbidden(f"{path}.{name}", _NOT_ON_WINDOWS)


def validate_host_process(spec: PodSpec, path: str) -> Iterator[FieldError]:
    """Either all containers are host processes of Windows, or none; then the pod uses the node's network."""
    options = spec.security_context.windows_options if spec.security_context else None
    of_pod = options.host_process if options else None
    count = total = 0
    for container, at in containers_with_path(spec, path):
        total += 1
        own = _own_host_process(container)
        if of_pod is not None and own is not None and of_pod != own:
            why = f"pod hostProcess value must be identical if both are specified, was {str(of_pod).lower()}"
            yield invalid(f"{at}.securityContext.windowsOptions.hostProcess", own, why)
        count += bool(of_pod if own is None else own)
    if not count:
        return
    if count != total:
        why = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        yield invalid(path, "", why)
    if not spec.host_network:
        why = "hostNetwork must be true if pod contains any hostProcess containers"
        yield invalid(f"{path}.hostNetwork", False, why)


def _own_host_process(container: Container) -> bool | None:
    context = container.security_context
    return context.windows_options.host_process if context and context.windows_options else None


def validate_windows_options(options: WindowsSecurityContextOptions, path: str) -> Iterator[FieldError]:
    """Names of credentials and of the user."""
    if (name := options.gmsa_credential_spec_name) is not None:
        yield from messages(f"{path}.gmsaCredentialSpecName", name, names.dns1123_subdomain(name))
    if (text := options.gmsa_credential_spec) is not None:
        yield from messages(f"{path}.gmsaCredentialSpec", text, _credential_spec(text))
    if (user := options.run_as_user_name) is not None:
        yield from messages(f"{path}.runAsUserName", user, _user_name(user))


def _credential_spec(text: str) -> Iterator[str]:
    if not text:
        yield "gmsaCredentialSpec cannot be an empty string"
    elif names.byte_length(text) > _MAX_CREDENTIAL_SPEC:
        yield "gmsaCredentialSpec size must be under 64 KiB"


def _user_name(text: str) -> Iterator[str]:
    domain, slash, user = text.rpartition("\\")
    if not text:
        yield "runAsUserName cannot be an empty string"
    elif _has_control(text):
        yield "runAsUserName cannot contain control characters"
    elif "\\" in domain:
        yield "runAsUserName cannot contain more than one backslash"
    else:
        if len(domain) >= _MAX_DOMAIN:
            yield f"runAsUserName's Domain length must be under {_MAX_DOMAIN} characters"
        if slash and not (_is_netbios(domain) or _is_domain(domain)):
            yield "runAsUserName's Domain doesn't match the NetBios nor the DNS format"
        yield from _windows_user(user)


def _windows_user(user: str) -> Iterator[str]:
    if not user:
        yield "runAsUserName's User cannot be empty"
    elif len(user) > _MAX_USER:
        yield f"runAsUserName's User length must not be longer than {_MAX_USER} characters"
    if _is_dots_or_spaces(user):
        yield "runAsUserName's User cannot contain only periods or spaces"
    if _has_bad_char(user):
        yield "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"
