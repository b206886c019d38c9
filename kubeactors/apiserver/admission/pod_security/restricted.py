"""The restricted level: current pod hardening best practices.

Source: k8s.io/pod-security-admission/policy/check_*.go (v1.36).
"""

from kubeactors.api.core.v1 import PodSpec, Volume
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver.admission.pod_security.baseline import PROFILES, proc_mount, seccomp_profile
from kubeactors.apiserver.admission.pod_security.checks import (
    AnyContainer,
    Versioned,
    Violation,
    context_of,
    named,
    names_where,
    plural,
    pod_context_of,
    quoted,
    setters,
    unless_own_users,
    unless_windows,
    use,
)

_VOLUMES = (
    "config_map",
    "csi",
    "downward_api",
    "empty_dir",
    "ephemeral",
    "image",
    "persistent_volume_claim",
    "projected",
    "secret",
)
_DRIVERS = {
    "host_path": "hostPath",
    "gce_persistent_disk": "gcePersistentDisk",
    "aws_elastic_block_store": "awsElasticBlockStore",
    "git_repo": "gitRepo",
    "nfs": "nfs",
    "iscsi": "iscsi",
    "glusterfs": "glusterfs",
    "rbd": "rbd",
    "flex_volume": "flexVolume",
    "cinder": "cinder",
    "cephfs": "cephfs",
    "flocker": "flocker",
    "fc": "fc",
    "azure_file": "azureFile",
    "vsphere_volume": "vsphereVolume",
    "quobyte": "quobyte",
    "azure_disk": "azureDisk",
    "photon_persistent_disk": "photonPersistentDisk",
    "portworx_volume": "portworxVolume",
    "scale_io": "scaleIO",
    "storageos": "storageos",
}


def allow_privilege_escalation(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """Privilege escalation is disallowed explicitly."""
    del metadata
    bad = names_where(spec, lambda one: context_of(one).allow_privilege_escalation is not False)
    if not bad:
        return None
    detail = f"{named('container', bad)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail)


def capabilities(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """All capabilities are dropped; only NET_BIND_SERVICE may be added."""
    del metadata
    added: dict[str, None] = {}

    def keeps(container: AnyContainer) -> bool:
        given = context_of(container).capabilities
        return given is None or "ALL" not in given.drop

    def adds(container: AnyContainer) -> bool:
        given = context_of(container).capabilities
        forbidden = [one for one in given.add if one != "NET_BIND_SERVICE"] if given else []
        added.update(dict.fromkeys(forbidden))
        return bool(forbidden)

    missing, adding = names_where(spec, keeps), names_where(spec, adds)
    details: list[str] = []
    if missing:
        details.append(f'{named("container", missing)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        what = quoted(sorted(added))
        details.append(f"{named('container', adding)} must not include {what} in securityContext.capabilities.add")
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


def restricted_volumes(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """Only the core volume types that do not expose the node."""
    del metadata
    bad = [one for one in spec.volumes if not any(getattr(one, source) is not None for source in _VOLUMES)]
    if not bad:
        return None
    names, types = [one.name for one in bad], sorted(dict.fromkeys(map(_driver, bad)))
    what = f"{plural('restricted volume type', types)} {quoted(types)}"
    return Violation("restricted volume types", f"{named('volume', names)} {use(names)} {what}")


def _driver(volume: Volume) -> str:
    return next((name for field, name in _DRIVERS.items() if getattr(volume, field) is not None), "unknown")


def run_as_non_root(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """RunAsNonRoot is set everywhere."""
    del metadata
    of_pod = pod_context_of(spec).run_as_non_root
    who = setters(of_pod is False, names_where(spec, lambda one: context_of(one).run_as_non_root is False))
    if who:
        detail = f"{' and '.join(who)} must not set securityContext.runAsNonRoot=false"
        return Violation("runAsNonRoot != true", detail)
    bad = [] if of_pod else names_where(spec, lambda one: context_of(one).run_as_non_root is None)
    if not bad:
        return None
    detail = f"pod or {named('container', bad)} must set securityContext.runAsNonRoot=true"
    return Violation("runAsNonRoot != true", detail)


def run_as_user(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """RunAsUser is nowhere 0."""
    del metadata
    bad = names_where(spec, lambda one: context_of(one).run_as_user == 0)
    who = setters(pod_context_of(spec).run_as_user == 0, bad)
    return Violation("runAsUser=0", f"{' and '.join(who)} must not set runAsUser=0") if who else None


def seccomp(metadata: ObjectMeta, spec: PodSpec) -> Violation | None:
    """A seccomp profile is set everywhere."""
    found = seccomp_profile(metadata, spec)
    if found is not None:
        return found
    profile = pod_context_of(spec).seccomp_profile
    if profile is not None and profile.type in PROFILES:
        return None
    bad = names_where(spec, lambda one: context_of(one).seccomp_profile is None)
    if not bad:
        return None
    what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Violation("seccompProfile", f"pod or {named('container', bad)} {what}")


CHECKS = (
    Versioned("allowPrivilegeEscalation", 8, allow_privilege_escalation),
    Versioned("allowPrivilegeEscalation", 25, unless_windows(allow_privilege_escalation)),
    Versioned("capabilities_restricted", 22, capabilities, "capabilities_baseline"),
    Versioned("capabilities_restricted", 25, unless_windows(capabilities), "capabilities_baseline"),
    Versioned("procMount_restricted", 35, proc_mount, "procMount"),
    Versioned("restrictedVolumes", 0, restricted_volumes, "hostPathVolumes"),
    Versioned("runAsNonRoot", 0, run_as_non_root),
    Versioned("runAsNonRoot", 35, unless_own_users(run_as_non_root)),
    Versioned("runAsUser", 23, run_as_user),
    Versioned("runAsUser", 35, unless_own_users(run_as_user)),
    Versioned("seccompProfile_restricted", 19, seccomp, "seccompProfile_baseline"),
    Versioned("seccompProfile_restricted", 25, unless_windows(seccomp), "seccompProfile_baseline"),
)
"""In the order in which violations are reported; of a check's versions the newest one up to the policy's applies."""
