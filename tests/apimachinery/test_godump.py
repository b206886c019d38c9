"""Templates have the same hashes as in Kubernetes."""

import pytest

from kubeactors.api.core.v1 import (
    Container,
    ContainerPort,
    EmptyDirVolumeSource,
    PodSecurityContext,
    PodSpec,
    PodTemplateSpec,
    Probe,
    ResourceRequirements,
    TCPSocketAction,
    Volume,
)
from kubeactors.apimachinery.godump import dump
from kubeactors.apimachinery.hashing import revision_hash, template_hash
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers.history import data_of


def template(name: str, image: str, **container: object) -> PodTemplateSpec:
    made = Container(
        name="c",
        image=image,
        image_pull_policy="IfNotPresent",
        termination_message_path="/dev/termination-log",
        termination_message_policy="File",
        **container,  # type: ignore[arg-type]
    )
    spec = PodSpec(
        containers=(made,),
        dns_policy="ClusterFirst",
        restart_policy="Always",
        scheduler_name="default-scheduler",
        security_context=PodSecurityContext(),
        termination_grace_period_seconds=0,
    )
    return PodTemplateSpec(metadata=ObjectMeta(labels={"app": name}), spec=spec)


def test_hashes_equal_those_recorded_from_a_cluster() -> None:
    assert template_hash(template("agent", "example/agent:1")) == "677b6cb4d8"
    assert revision_hash(data_of(template("db", "example/db:1")), 0) == "567d949c57"


def test_collisions_give_another_hash() -> None:
    hashes = [template_hash(template("agent", "a"), count) for count in (None, 0, 1)]
    assert len(dict.fromkeys(hashes)) == 3


def test_every_field_of_a_template_can_be_printed() -> None:
    probe = Probe(tcp_socket=TCPSocketAction(port="web"), period_seconds=5)
    made = template(
        "web", "web",
        ports=(ContainerPort(container_port=80),),
        resources=ResourceRequirements(limits={"cpu": "1500m", "memory": "1Gi"}),
        liveness_probe=probe,
    )  # fmt: skip
    volumes = (Volume(name="v", empty_dir=EmptyDirVolumeSource()),)
    with_volume = PodTemplateSpec(metadata=made.metadata, spec=PodSpec(volumes=volumes))
    assert len(template_hash(made)) >= 8
    assert template_hash(made) != template_hash(with_volume)


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        ({"port": "web"}, "v1.TCPSocketAction", "{Port:(intstr.IntOrString){Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string)web} Host:(string)}"),
        ({"port": 80}, "v1.TCPSocketAction", "{Port:(intstr.IntOrString){Type:(intstr.Type)0 IntVal:(int32)80 StrVal:(string)} Host:(string)}"),
        (
            {"limits": {"cpu": "100m"}},
            "v1.ResourceRequirements",
            "{Limits:(v1.ResourceList)map[cpu:{i:(resource.int64Amount){value:(int64)100 scale:(resource.Scale)-3} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)100m Format:(resource.Format)DecimalSI}] Requests:(v1.ResourceList)<nil> Claims:([]v1.ResourceClaim)<nil>}",
        ),
        ({"medium": "Memory"}, "v1.EmptyDirVolumeSource", "{Medium:(v1.StorageMedium)Memory SizeLimit:(*resource.Quantity)<nil>}"),
        ({"runAsUser": 1}, "v1.SELinuxOptions", "{User:(string) Role:(string) Type:(string) Level:(string)}"),
    ],
)  # fmt: skip
def test_values_are_printed_as_in_go(value: dict[str, object], type_: str, expected: str) -> None:
    assert dump(value, type_) == f"({type_}){expected}"
