"""The baseline level: prevents known privilege escalations.

Source: k8s.io/pod-security-admission/policy/check_*.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1 import PodSpec
from kubeactors.api.core.v1.probe import HTTPGetAction, TCPSocketAction
from kubeactors.api.core.v1.security import AppArmorProfile, SeccompProfile, SELinuxOptions
from kubeactors.apimachinery.field import quoted as go_quoted
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver.admission.pod_security.checks import (
    AnyContainer,
    Check,
    Versioned,
    Violation,
    containers_of,
    context_of,
    named,
    names_where,
    plural,
    pod_context_of,
    quoted,
    setters,
    unless_own_users,
    use,
)

APP_ARMOR_PREFIX = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_PREFIX = "container.seccomp.security.alpha.kubernetes.io/"
PROFILES = ("RuntimeDefault", "Localhost")

_CAPABILITIES = frozenset(
    (
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    )
)
_SE_LINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
_SYSCTLS = frozenset(
    f"net.ipv4.{one}"
    for one in ("ip_local_port_range", "tcp_syncookies", "ping_group_range", "ip_unprivileged_port_start")
) | {"kernel.shm_rmid_forced"}
_SYSCTLS_27 = _SYSCTLS | {"net.ipv4.ip_local_reserved_ports"}
_SYSCTLS_29 = _SYSCTLS_27 | {
    f"net.ipv4.tcp_{one}" for one in ("keepalive_time", "fin_timeout", "keepalive_intvl", "keepalive_probes")
}
_SYSCTLS_32 = _SYSCTLS_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}


def app_armor_profile(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """AppArmor is not disabled."""
    values: dict[str, None] = {}

    def wrong(profile: AppArmorProfile | None) -> bool:
        if profile is None or profile.type in PROFILES:
            return False
        values[profile.type] = None
        return True

    bad_pod = wrong(pod_context_of(spec).app_armor_profile)
    who = setters(bad_pod, names_where(spec, lambda one: wrong(context_of(one).app_armor_profile)))
    annotations = sorted(
        f"{key}={go_quoted(value)}"
        for key, value in metadata.annotations.items()
        if key.startswith(APP_ARMOR_PREFIX) and value not in ("", "runtime/default") and value[:10] != "localhost/"
    )
    what = [*sorted(values), *annotations]
    if annotations:
        who.append(plural("annotation", annotations))
    if not who:
        return None
    detail = f"{' and '.join(who)} must not set AppArmor profile type to {quoted(what)}"
    return Violation(plural("forbidden AppArmor profile", what), detail)


def capabilities(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """No capabilities are added beyond the default set."""
    del metadata
    added: dict[str, None] = {}

    def wrong(container: AnyContainer) -> bool:
        given = context_of(container).capabilities
        forbidden = [one for one in given.add if one not in _CAPABILITIES] if given else []
        added.update(dict.fromkeys(forbidden))
        return bool(forbidden)

    bad = names_where(spec, wrong)
    if not bad:
        return None
    detail = f"{named('container', bad)} must not include {quoted(sorted(added))} in securityContext.capabilities.add"
    return Violation("non-default capabilities", detail)


def host_namespaces(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """Host namespaces are not shared."""
    del metadata
    shared = {"hostNetwork": spec.host_network, "hostPID": spec.host_pid, "hostIPC": spec.host_ipc}
    found = [f"{name}=true" for name, wanted in shared.items() if wanted]
    return Violation("host namespaces", ", ".join(found)) if found else None


def host_path_volumes(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """No hostPath volumes."""
    del metadata
    bad = [one.name for one in spec.volumes if one.host_path is not None]
    return Violation("hostPath volumes", named("volume", bad)) if bad else None


def host_ports(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """No host ports."""
    del metadata
    ports: dict[str, None] = {}

    def wrong(container: AnyContainer) -> bool:
        taken = [str(one.host_port) for one in container.ports if one.host_port]
        ports.update(dict.fromkeys(taken))
        return bool(taken)

    bad = names_where(spec, wrong)
    if not bad:
        return None
    detail = f"{named('container', bad)} {use(bad)} {plural('hostPort', ports)} {', '.join(sorted(ports))}"
    return Violation("hostPort", detail)


def host_probes(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """Probes and lifecycle hooks connect to no other host."""
    del metadata
    hosts: dict[str, None] = {}

    def wrong(container: AnyContainer) -> bool:
        found = [action.host for action in _actions(container) if action is not None and action.host]
        hosts.update(dict.fromkeys(found))
        return bool(found)

    bad = sorted(dict.fromkeys(names_where(spec, wrong)))
    if not bad:
        return None
    what = f"{plural('probe or lifecycle host', hosts)} {quoted(sorted(hosts))}"
    return Violation("probe or lifecycle host", f"{named('container', bad)} {use(bad)} {what}")


def _actions(container: AnyContainer) -> Iterator[HTTPGetAction | TCPSocketAction | None]:
    for probe in (container.liveness_probe, container.readiness_probe, container.startup_probe):
        if probe is not None:
            yield from (probe.http_get, probe.tcp_socket)
    lifecycle = container.lifecycle
    for hook in (lifecycle.post_start, lifecycle.pre_stop) if lifecycle else ():
        if hook is not None:
            yield from (hook.http_get, hook.tcp_socket)


def privileged(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """No privileged containers."""
    del metadata
    bad = names_where(spec, lambda one: context_of(one).privileged is True)
    return (
        Violation("privileged", f"{named('container', bad)} must not set securityContext.privileged=true")
        if bad
        else None
    )


def proc_mount(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """The default /proc masks are kept."""
    del metadata
    values: dict[str, None] = {}

    def wrong(container: AnyContainer) -> bool:
        mount = context_of(container).proc_mount
        if mount is None or mount == "Default":
            return False
        values[mount] = None
        return True

    bad = names_where(spec, wrong)
    if not bad:
        return None
    what = f"must not set securityContext.procMount to {quoted(sorted(values))}"
    return Violation("procMount", f"{named('container', bad)} {what}")


def se_linux_options(allowed: frozenset[str]) -> Check:
    """No custom SELinux user or role, and only container types."""

    def check(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
        del metadata
        seen: list[SELinuxOptions] = []

        def wrong(options: SELinuxOptions | None) -> bool:
            if options is None or (options.type in allowed and not options.user and not options.role):
                return False
            seen.append(options)
            return True

        bad_pod = wrong(pod_context_of(spec).se_linux_options)
        who = setters(bad_pod, names_where(spec, lambda one: wrong(context_of(one).se_linux_options)))
        if not who:
            return None
        types = sorted(dict.fromkeys(one.type for one in seen if one.type not in allowed))
        what = [*((named("type", types),) if types else ())]
        what += ["user may not be set"] if any(one.user for one in seen) else []
        what += ["role may not be set"] if any(one.role for one in seen) else []
        detail = f"{' and '.join(who)} set forbidden securityContext.seLinuxOptions: {'; '.join(what)}"
        return Violation("seLinuxOptions", detail)

    return check


def seccomp_annotations(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """Seccomp is not disabled by annotations, as before v1.19."""
    keys = (SECCOMP_POD, *(f"{SECCOMP_PREFIX}{one.name}" for one in containers_of(spec)))
    values = {key: metadata.annotations[key] for key in keys if key in metadata.annotations}
    bad = sorted(
        f"{key}={go_quoted(value)}"
        for key, value in values.items()
        if value not in ("runtime/default", "docker/default") and value[:10] != "localhost/"
    )
    return Violation("seccompProfile", f"forbidden {plural('annotation', bad)} {', '.join(bad)}") if bad else None


def seccomp_profile(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """Seccomp is not Unconfined."""
    del metadata
    values: dict[str, None] = {}

    def wrong(profile: SeccompProfile | None) -> bool:
        if profile is None or profile.type in PROFILES:
            return False
        values[profile.type] = None
        return True

    bad_pod = wrong(pod_context_of(spec).seccomp_profile)
    who = setters(bad_pod, names_where(spec, lambda one: wrong(context_of(one).seccomp_profile)))
    if not who:
        return None
    what = f"must not set securityContext.seccompProfile.type to {quoted(sorted(values))}"
    return Violation("seccompProfile", f"{' and '.join(who)} {what}")


def sysctls(allowed: frozenset[str]) -> Check:
    """Only sysctls of the safe set."""

    def check(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
        del metadata
        bad = [one.name for one in pod_context_of(spec).sysctls if one.name not in allowed]
        return Violation("forbidden sysctls", ", ".join(bad)) if bad else None

    return check


def windows_host_process(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """No HostProcess containers."""
    del metadata
    options = pod_context_of(spec).windows_options

    def wrong(container: AnyContainer) -> bool:
        own = context_of(container).windows_options
        return own is not None and own.host_process is True

    who = setters(options is not None and options.host_process is True, names_where(spec, wrong))
    if not who:
        return None
    return Violation("hostProcess", f"{' and '.join(who)} must not set securityContext.windowsOptions.hostProcess=true")


CHECKS = (
    Versioned("appArmorProfile", 0, app_armor_profile),
    Versioned("capabilities_baseline", 0, capabilities),
    Versioned("hostNamespaces", 0, host_namespaces),
    Versioned("hostPathVolumes", 0, host_path_volumes),
    Versioned("hostPorts", 0, host_ports),
    Versioned("hostProbesAndHostLifecycle", 34, host_probes),
    Versioned("privileged", 0, privileged),
    Versioned("procMount", 0, proc_mount),
    Versioned("procMount", 35, unless_own_users(proc_mount)),
    Versioned("seLinuxOptions", 0, se_linux_options(_SE_LINUX_TYPES)),
    Versioned("seLinuxOptions", 31, se_linux_options(_SE_LINUX_TYPES | {"container_engine_t"})),
    Versioned("seccompProfile_baseline", 0, seccomp_annotations),
    Versioned("seccompProfile_baseline", 19, seccomp_profile),
    Versioned("sysctls", 0, sysctls(_SYSCTLS)),
    Versioned("sysctls", 27, sysctls(_SYSCTLS_27)),
    Versioned("sysctls", 29, sysctls(_SYSCTLS_29)),
    Versioned("sysctls", 32, sysctls(_SYSCTLS_32)),
    Versioned("windowsHostProcess", 0, windows_host_process),
)
"""In the order in which violations are reported; of a check's versions the newest one up to the policy's applies."""
