"""Namespaces have an account and a certificate, and go when they are empty."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Namespace, NamespaceSpec, Pod, Secret, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta
from tests.controllers.plane import Plane, template


def make(plane: Plane, *finalizers: str) -> Namespace:
    spec = NamespaceSpec(finalizers=finalizers)
    made = plane.create(Namespace(metadata=ObjectMeta(name="shop"), spec=spec))
    plane.sim.run(1.0)
    return made


def test_every_namespace_gets_a_default_account_and_the_root_certificate(control_plane: Plane) -> None:
    make(control_plane)
    for name in ("default", "kube-system", "kube-public", "kube-node-lease", "shop"):
        assert control_plane.find(ServiceAccount, "default", name) is not None
        assert control_plane.get(ConfigMap, "kube-root-ca.crt", name).data == {"ca.crt": "PEM"}


def test_both_are_restored_when_they_are_deleted_or_changed(control_plane: Plane) -> None:
    account = control_plane.get(ServiceAccount, "default")
    control_plane.delete(account)
    published = control_plane.get(ConfigMap, "kube-root-ca.crt")
    control_plane.change(published, lambda one: replace(one, data={"ca.crt": "forged"}))
    control_plane.sim.run(1.0)
    assert control_plane.get(ServiceAccount, "default").metadata.uid != account.metadata.uid
    assert control_plane.get(ConfigMap, "kube-root-ca.crt").data == {"ca.crt": "PEM"}


def test_the_content_of_a_namespace_is_deleted_with_it(control_plane: Plane) -> None:
    made = make(control_plane)
    control_plane.create(Secret(metadata=ObjectMeta(name="s", namespace="shop")))
    control_plane.delete(made)
    control_plane.sim.run(5.0)
    assert control_plane.find(Namespace, "shop", "") is None
    assert control_plane.list(Secret, "shop") == ()
    assert control_plane.list(ConfigMap, "shop") == ()


def test_a_finalizer_of_the_content_blocks_the_namespace_whose_conditions_say_what_remains(
    control_plane: Plane,
) -> None:
    made = make(control_plane)
    metadata = ObjectMeta(name="held", namespace="shop", finalizers=("example.com/hold",))
    held = control_plane.create(ConfigMap(metadata=metadata))
    control_plane.delete(made)
    control_plane.sim.run(5.0)
    status = control_plane.get(Namespace, "shop", "").status
    assert status.phase == "Terminating"
    assert [(one.type, one.status, one.reason, one.message) for one in status.conditions] == [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 1 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
        ),
    ]
    control_plane.change(held, lambda one: replace(one, metadata=replace(one.metadata, finalizers=())))
    control_plane.sim.run(5.0)
    assert control_plane.find(Namespace, "shop", "") is None


def test_pods_are_deleted_before_everything_else(control_plane: Plane) -> None:
    made = make(control_plane)
    control_plane.create(Secret(metadata=ObjectMeta(name="s", namespace="shop")))
    pod = control_plane.create(Pod(metadata=ObjectMeta(name="p", namespace="shop"), spec=template().spec))
    control_plane.do(lambda: control_plane.client.bind(pod, "node-1"))
    control_plane.delete(made)
    control_plane.sim.run(10.0)
    assert control_plane.get(Pod, "p", "shop").metadata.deletion_timestamp is not None
    assert len(control_plane.list(Secret, "shop")) == 1
    control_plane.end(pod)
    control_plane.sim.run(30.0)
    assert control_plane.find(Namespace, "shop", "") is None


def test_only_the_controllers_own_finalizer_is_removed(control_plane: Plane) -> None:
    made = make(control_plane, "kubernetes", "example.com/hold")
    control_plane.delete(made)
    control_plane.sim.run(5.0)
    left = control_plane.get(Namespace, "shop", "")
    assert (left.spec.finalizers, left.status.phase) == (("example.com/hold",), "Terminating")
    control_plane.change(left, lambda one: replace(one, spec=NamespaceSpec()), "finalize")
    assert control_plane.find(Namespace, "shop", "") is None
