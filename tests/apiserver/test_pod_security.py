"""Pod Security: pods, pod templates, and the labels of namespaces."""

import pytest
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentSpec
from kubeactors.api.core.v1 import (
    Capabilities,
    Container,
    ContainerPort,
    HostPathVolumeSource,
    Namespace,
    Pod,
    PodSecurityContext,
    PodSpec,
    PodTemplateSpec,
    SeccompProfile,
    SecurityContext,
    SELinuxOptions,
    Sysctl,
    Volume,
)
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.apimachinery.requests import Result
from kubeactors.apiserver.admission.pod_security.evaluation import violations
from kubeactors.apiserver.admission.pod_security.levels import Level, Policy, policy_of
from tests.apiserver.plane import Plane, pod, refusal

BASELINE, RESTRICTED = Level("baseline"), Level("restricted")
HARDENED = SecurityContext(
    allow_privilege_escalation=False,
    run_as_non_root=True,
    capabilities=Capabilities(drop=("ALL",)),
    seccomp_profile=SeccompProfile(type="RuntimeDefault"),
)


def spec(context: SecurityContext | None = None, *names: str) -> PodSpec:
    return PodSpec(containers=tuple(Container(name=one, security_context=context) for one in names or ("c",)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (spec(), []),
        (spec(SecurityContext(privileged=True)), ['container "c" must not set securityContext.privileged=true']),
        (
            spec(SecurityContext(privileged=True), "a", "b"),
            ['containers "a", "b" must not set securityContext.privileged=true'],
        ),
        (
            spec(SecurityContext(capabilities=Capabilities(add=("SYS_TIME", "CHOWN", "NET_RAW")))),
            ['container "c" must not include "NET_RAW", "SYS_TIME" in securityContext.capabilities.add'],
        ),
        (PodSpec(host_network=True, host_ipc=True), ["hostNetwork=true, hostIPC=true"]),
        (
            PodSpec(volumes=(Volume(name="v", host_path=HostPathVolumeSource(path="/")),)),
            ['volume "v"'],
        ),
        (
            PodSpec(containers=(Container(name="c", ports=(ContainerPort(host_port=80), ContainerPort(host_port=9))),)),
            ['container "c" uses hostPorts 80, 9'],
        ),
        (
            PodSpec(security_context=PodSecurityContext(se_linux_options=SELinuxOptions(type="x", user="u"))),
            ['pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set'],
        ),
        (
            PodSpec(security_context=PodSecurityContext(seccomp_profile=SeccompProfile(type="Unconfined"))),
            ['pod must not set securityContext.seccompProfile.type to "Unconfined"'],
        ),
        (
            PodSpec(security_context=PodSecurityContext(sysctls=(Sysctl(name="net.ipv4.tcp_rmem"), Sysctl(name="x")))),
            ["x"],
        ),
    ],
)
def test_the_baseline_level_forbids_known_escalations(given: PodSpec, said: list[str]) -> None:
    assert [one.detail for one in violations(BASELINE, ObjectMeta(), given)] == said


def test_the_restricted_level_requires_hardening() -> None:
    assert [str(one) for one in violations(RESTRICTED, ObjectMeta(), spec())] == [
        'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
        (
            'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or '
            '"Localhost")'
        ),
    ]
    assert violations(RESTRICTED, ObjectMeta(), spec(HARDENED)) == ()


def test_a_version_has_the_checks_of_its_release() -> None:
    with_sysctl = PodSpec(security_context=PodSecurityContext(sysctls=(Sysctl(name="net.ipv4.tcp_rmem"),)))
    found = [len(violations(Level("baseline", minor), ObjectMeta(), with_sysctl)) for minor in (31, 32, 99)]
    assert found == [1, 0, 0]
    assert [one.reason for one in violations(Level("restricted", 7), ObjectMeta(), spec())] == ["runAsNonRoot != true"]


def test_a_stricter_enforced_level_is_also_the_warn_level() -> None:
    enforce = "pod-security.kubernetes.io/enforce"
    assert policy_of({"app": "x"}) == (Policy(), ())
    assert policy_of({enforce: "restricted", f"{enforce}-version": "v1.30"})[0] == Policy(
        Level("restricted", 30), Level(), Level("restricted", 30)
    )
    wrong, errors = policy_of({enforce: "severe", "pod-security.kubernetes.io/warn": "severe"})
    assert wrong == Policy(RESTRICTED, Level(), Level())
    assert [one.message for one in errors] == [
        'Invalid value: "severe": must be one of privileged, baseline, restricted'
    ] * 2


@pytest.fixture
def plane() -> Plane:
    return Plane().with_account()


def enforce(plane: Plane, **labels: str) -> Result:
    named = {f"pod-security.kubernetes.io/{mode}": level for mode, level in labels.items()}
    reply = plane.try_patch(Namespace, "default", {"metadata": {"labels": named}})
    assert isinstance(reply, Result), reply
    return reply


def test_a_pod_that_violates_the_enforced_level_is_rejected(plane: Plane) -> None:
    enforce(plane, enforce="baseline")
    given = pod("a")
    assert refusal(plane.try_create(replace(given, spec=replace(given.spec, host_pid=True)))) == (
        403,
        "Forbidden",
        'pods "a" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    )
    assert plane.names(Pod) == []


def test_templates_and_pods_give_warnings(plane: Plane) -> None:
    enforce(plane, warn="restricted")
    template = PodTemplateSpec(metadata=ObjectMeta(labels={"a": "b"}), spec=pod("a").spec)
    selector = LabelSelector(match_labels={"a": "b"})
    deployment = Deployment(metadata=ObjectMeta(name="d"), spec=DeploymentSpec(selector=selector, template=template))
    for given in (pod("a"), deployment):
        reply = plane.try_create(given)
        assert isinstance(reply, Result), reply
        (warning,) = reply.warnings
        assert warning.startswith('would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false')


def test_a_stricter_level_warns_about_existing_pods(plane: Plane) -> None:
    for name in ("a", "b", "c"):
        plane.create(pod(name))
    assert enforce(plane, enforce="baseline").warnings == ()
    reasons = "allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile"
    assert enforce(plane, enforce="restricted").warnings == (
        'existing pods in namespace "default" violate the new PodSecurity enforce level "restricted:latest"',
        f"a (and 2 other pods): {reasons}",
    )


def test_invalid_labels_are_rejected(plane: Plane) -> None:
    patch = {"metadata": {"labels": {"pod-security.kubernetes.io/audit-version": "old"}}}
    code, _, message = refusal(plane.try_patch(Namespace, "default", patch))
    assert (code, message) == (
        422,
        (
            'Namespace "default" is invalid: metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: '
            '"old": must be "latest" or "v1.x"'
        ),
    )
