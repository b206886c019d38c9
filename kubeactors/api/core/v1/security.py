"""Security settings of pods and containers.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import Object, always


class SELinuxOptions(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The SELinux label of a process."""

    user: str = ""
    role: str = ""
    type: str = ""
    level: str = ""


class WindowsSecurityContextOptions(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Windows-specific settings."""

    gmsa_credential_spec_name: str | None = None
    gmsa_credential_spec: str | None = None
    run_as_user_name: str | None = None
    host_process: bool | None = None


class SeccompProfile(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which system calls are allowed."""

    type: str = always("")
    localhost_profile: str | None = None


class AppArmorProfile(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which AppArmor profile confines a process."""

    type: str = always("")
    localhost_profile: str | None = None


class Capabilities(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """POSIX capabilities to add and to drop."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SecurityContext(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The security settings of a container; they override the pod's."""

    capabilities: Capabilities | None = None
    privileged: bool | None = None
    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsSecurityContextOptions | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    read_only_root_filesystem: bool | None = None
    allow_privilege_escalation: bool | None = None
    proc_mount: str | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None


class Sysctl(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A kernel parameter of the pod's namespaces."""

    name: str = always("")
    value: str = always("")


class PodSecurityContext(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The security settings of all containers of a pod."""

    se_linux_options: SELinuxOptions | None = None
    windows_options: WindowsSecurityContextOptions | None = None
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    supplemental_groups: tuple[int, ...] = ()
    supplemental_groups_policy: str | None = None
    fs_group: int | None = None
    sysctls: tuple[Sysctl, ...] = ()
    fs_group_change_policy: str | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_change_policy: str | None = None
