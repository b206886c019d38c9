"""Privileges of pods and containers, on Linux and on Windows."""

import pytest

from kubeactors.api.core.v1.validation import validate_pod
from tests.api.core.builders import JSON, container, pod, texts

PROFILES = '"Localhost", "RuntimeDefault", "Unconfined"'
OWN = "spec.containers[0].securityContext"

OF_CONTAINER: list[tuple[JSON, list[str]]] = [
    ({"runAsUser": 0, "runAsGroup": 0, "privileged": True}, []),
    ({"runAsUser": -1}, [".runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"]),
    ({"runAsGroup": 2**31}, [".runAsGroup: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive"]),
    ({"procMount": "Unmasked"}, ['.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`']),
    ({"seccompProfile": {"type": ""}}, [".seccompProfile.type: Required value: type is required when seccompProfile"]),
    (
        {"seccompProfile": {"type": "Wild"}},
        [f'.seccompProfile.type: Unsupported value: "Wild": supported values: {PROFILES}'],
    ),
    (
        {"seccompProfile": {"type": "Unconfined", "localhostProfile": "x"}},
        [
            '.seccompProfile.localhostProfile: Invalid value: {"type":"Unconfined","localhostProfile":"x"}: can only be set'
        ],
    ),
    (
        {"seccompProfile": {"type": "Localhost", "localhostProfile": "/x"}},
        ['.seccompProfile.localhostProfile: Invalid value: "/x": must be a relative path'],
    ),
    ({"appArmorProfile": {}}, [".appArmorProfile.type: Required value: type is required when appArmorProfile is set"]),
    (
        {"appArmorProfile": {"type": "Wild"}},
        [f'.appArmorProfile.type: Unsupported value: "Wild": supported values: {PROFILES}'],
    ),
    (
        {"appArmorProfile": {"type": "Localhost"}},
        [".appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost"],
    ),
    (
        {"appArmorProfile": {"type": "Localhost", "localhostProfile": " x"}},
        ['.appArmorProfile.localhostProfile: Invalid value: " x": must not be padded with whitespace'],
    ),
    (
        {"appArmorProfile": {"type": "Localhost", "localhostProfile": "x" * 4096}},
        [".appArmorProfile.localhostProfile: Too long: may not be more than 4095 bytes"],
    ),
    (
        {"appArmorProfile": {"type": "Unconfined", "localhostProfile": "x"}},
        ['.appArmorProfile.localhostProfile: Invalid value: "x": can only be set when AppArmor type is Localhost'],
    ),
    (
        {"allowPrivilegeEscalation": False, "privileged": True, "capabilities": {"add": ["CAP_SYS_ADMIN"]}},
        [": Invalid value: {", ": Invalid value: {"],
    ),
]


@pytest.mark.parametrize(("context", "expected"), OF_CONTAINER)
def test_privileges_of_a_container_do_not_contradict_one_another(context: JSON, expected: list[str]) -> None:
    found = [text.removeprefix(OWN) for text in texts(validate_pod(container(securityContext=context)))]
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


OF_POD: list[tuple[JSON, list[str]]] = [
    (
        {"fsGroupChangePolicy": "Sometimes"},
        ['fsGroupChangePolicy: Unsupported value: "Sometimes": supported values: "Always"'],
    ),
    (
        {"supplementalGroupsPolicy": "Some"},
        ['supplementalGroupsPolicy: Unsupported value: "Some": supported values: "Merge"'],
    ),
    (
        {"seLinuxChangePolicy": "Some"},
        ['seLinuxChangePolicy: Unsupported value: "Some": supported values: "MountOption"'],
    ),
    ({"supplementalGroups": [1, -1]}, ["supplementalGroups[1]: Invalid value: -1: must be between 0"]),
    ({"appArmorProfile": {}}, ["appArmorProfile.type: Required value"]),
    (
        {"sysctls": [{"name": "kernel/shm_rmid_forced"}, {"name": "A"}, {}, {"name": "kernel/shm_rmid_forced"}]},
        [
            'sysctls[1].name: Invalid value: "A": must have at most 253 characters and match regex ^([a-z0-9]',
            "sysctls[2].name: Required value",
            'sysctls[3].name: Duplicate value: "kernel/shm_rmid_forced"',
        ],
    ),
]


@pytest.mark.parametrize(("context", "expected"), OF_POD)
def test_privileges_of_a_pod_are_known_ones(context: JSON, expected: list[str]) -> None:
    found = [
        one.removeprefix("spec.securityContext.") for one in texts(validate_pod(pod({"securityContext": context})))
    ]
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


def test_a_pod_in_the_nodes_own_namespaces_changes_nothing_in_them() -> None:
    ipc = {"hostIPC": True, "securityContext": {"sysctls": [{"name": "kernel.msgmax"}]}}
    assert texts(validate_pod(pod(ipc))) == [
        (
            'spec.securityContext.sysctls[0].name: Invalid value: "kernel.msgmax": '
            "may not be specified when 'hostIPC' is true"
        )
    ]
    assert texts(validate_pod(pod({"hostPID": True, "shareProcessNamespace": True}))) == [
        (
            "spec.securityContext.shareProcessNamespace: Invalid value: true: "
            "ShareProcessNamespace and HostPID cannot both be enabled"
        )
    ]


def test_an_unmasked_proc_needs_users_of_the_pods_own() -> None:
    mount = {"name": "app", "image": "x", "securityContext": {"procMount": "Unmasked"}}
    assert texts(validate_pod(pod({"hostUsers": False, "containers": [mount]}))) == []


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("ContainerUser", ""),
        ("DOMAIN\\user", ""),
        ("", "runAsUserName cannot be an empty string"),
        ("a\nb", "runAsUserName cannot contain control characters"),
        ("a\\b\\c", "runAsUserName cannot contain more than one backslash"),
        ("x" * 257 + "\\u", "runAsUserName's Domain length must be under 256 characters"),
        ("a:b\\u", "runAsUserName's Domain doesn't match the NetBios nor the DNS format"),
        ("DOMAIN\\", "runAsUserName's User cannot be empty"),
        ("u" * 105, "runAsUserName's User length must not be longer than 104 characters"),
        ("..", "runAsUserName's User cannot contain only periods or spaces"),
        ("a@b", "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"),
    ],
)
def test_the_user_of_a_windows_process_is_a_name_that_windows_takes(user: str, why: str) -> None:
    found = texts(validate_pod(container(securityContext={"windowsOptions": {"runAsUserName": user}})))
    assert bool(found) == bool(why)
    assert not why or found[0].endswith(why)


def test_credentials_of_windows_are_named_and_small() -> None:
    options = {"gmsaCredentialSpecName": "A_B", "gmsaCredentialSpec": ""}
    found = texts(validate_pod(pod({"securityContext": {"windowsOptions": options}})))
    assert [text.partition(": ")[0] for text in found] == [
        "spec.securityContext.windowsOptions.gmsaCredentialSpecName",
        "spec.securityContext.windowsOptions.gmsaCredentialSpec",
    ]
    large = {"gmsaCredentialSpec": "x" * (64 * 1024 + 1)}
    (found_large,) = texts(validate_pod(pod({"securityContext": {"windowsOptions": large}})))
    assert found_large.endswith("gmsaCredentialSpec size must be under 64 KiB")


def test_either_all_containers_are_host_processes_of_windows_or_none() -> None:
    host = {"windowsOptions": {"hostProcess": True}}
    some = [{"name": "a", "image": "x", "securityContext": host}, {"name": "b", "image": "x"}]
    assert texts(validate_pod(pod({"containers": some}))) == [
        (
            'spec: Invalid value: "": '
            "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        ),
        "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
    ]
    other = {"windowsOptions": {"hostProcess": False}}
    both = {"securityContext": other, "hostNetwork": True, "containers": some[:1]}
    assert texts(validate_pod(pod(both))) == [
        (
            "spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: true: "
            "pod hostProcess value must be identical if both are specified, was false"
        )
    ]


def test_nothing_of_one_system_is_said_of_another() -> None:
    windows = {"windowsOptions": {"runAsUserName": "u"}}
    on_linux = {"os": {"name": "linux"}, "securityContext": windows}
    linux = [{"name": "a", "image": "x", "securityContext": {**windows}}]
    assert texts(validate_pod(pod({**on_linux, "containers": linux}))) == [
        "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
        "spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
    ]
    privileged = [{"name": "a", "image": "x", "securityContext": {"privileged": True, "runAsUser": 1}}]
    assert texts(validate_pod(pod({"os": {"name": "windows"}, "containers": privileged}))) == [
        "spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod",
        "spec.containers[0].securityContext.runAsUser: Forbidden: cannot be set for a windows pod",
    ]
    assert texts(validate_pod(pod({"os": {"name": ""}}))) == ["spec.os.name: Required value: cannot be empty"]


def test_profiles_given_twice_say_the_same() -> None:
    annotations = {
        "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
        "container.seccomp.security.alpha.kubernetes.io/app": "nonsense",
        "container.apparmor.security.beta.kubernetes.io/app": "localhost/one",
    }
    context = {
        "seccompProfile": {"type": "RuntimeDefault"},
        "appArmorProfile": {"type": "Localhost", "localhostProfile": "other"},
    }
    own = {"name": "app", "image": "x", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}
    made = pod({"securityContext": context, "containers": [own]}, annotations=annotations)
    assert texts(validate_pod(made)) == [
        (
            "metadata.annotations.container.seccomp.security.alpha.kubernetes.io/app: "
            'Invalid value: "nonsense": must be a valid seccomp profile'
        ),
        "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
        (
            "spec.containers[0].securityContext.seccompProfile.type: "
            "Forbidden: seccomp type in annotation and field must match"
        ),
        (
            "spec.containers[0].securityContext.appArmorProfile.localhostProfile: "
            "Forbidden: apparmor profile in annotation and field must match"
        ),
    ]
