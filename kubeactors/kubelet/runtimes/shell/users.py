"""The user that a container's processes run as.

Source: pkg/kubelet/kuberuntime/security_context.go, pkg/securitycontext/util.go (v1.36); messages are busybox's.
"""

import msgspec

from kubeactors.api.core.v1.security import PodSecurityContext, SecurityContext


class User(msgspec.Struct, frozen=True):
    """A user, by numeric IDs: the names in an image's /etc/passwd are unknown, except for root."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = (0,)
    """In ascending order, the primary group included."""

    @property
    def name(self) -> str:
        """The name that `ps` shows.

        >>> User().name, User(uid=1000).name
        ('root', '1000')
        """
        return "root" if self.uid == 0 else str(self.uid)

    def described(self) -> str:
        """The output of `id`.

        >>> User(uid=1000, gid=3000, groups=(2000, 3000)).described(), User().described()
        ('uid=1000 gid=3000 groups=2000,3000', 'uid=0(root) gid=0(root) groups=0(root)')
        """
        groups = ",".join(_named(one) for one in self.groups)
        return f"uid={_named(self.uid)} gid={_named(self.gid)} groups={groups}"


def _named(number: int) -> str:
    return "0(root)" if number == 0 else str(number)


def user_of(pod: PodSecurityContext | None, container: SecurityContext | None) -> User:
    """The user of a container: by its own security context, else by its pod's; root if neither sets one.

    >>> pod = PodSecurityContext(run_as_user=1000, run_as_group=3000, fs_group=2000, supplemental_groups=(4000,))
    >>> user_of(pod, SecurityContext(run_as_user=2000))
    User(uid=2000, gid=3000, groups=(2000, 3000, 4000))
    """
    pod, container = pod or PodSecurityContext(), container or SecurityContext()
    uid = pod.run_as_user if container.run_as_user is None else container.run_as_user
    gid = pod.run_as_group if container.run_as_group is None else container.run_as_group
    more = () if pod.fs_group is None else (pod.fs_group,)
    groups = sorted(dict.fromkeys((gid or 0, *pod.supplemental_groups, *more)))
    return User(uid=uid or 0, gid=gid or 0, groups=tuple(groups))
