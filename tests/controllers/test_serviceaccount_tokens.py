"""Secrets that hold a token of an account live as long as it does."""

from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import ObjectReference, Secret, ServiceAccount
from kubeactors.api.core.v1.secret import SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN, SERVICE_ACCOUNT_UID
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.controllers import ControllerManagerConfig
from tests.controllers.plane import DEFAULT, Plane, meta


def sign(account: ServiceAccount, secret: Secret) -> str:
    return f"{account.metadata.name} {account.metadata.uid} {secret.metadata.uid}"


@pytest.fixture
def plane() -> Plane:
    return Plane(config=replace(DEFAULT, sign_token=sign))


def token(account: str, **annotations: str) -> Secret:
    metadata = ObjectMeta(name="t", namespace="default", annotations={SERVICE_ACCOUNT_NAME: account, **annotations})
    return Secret(metadata=metadata, type=SERVICE_ACCOUNT_TOKEN)


def robot(plane: Plane, *secrets: str) -> ServiceAccount:
    return plane.create(
        ServiceAccount(metadata=meta("robot"), secrets=tuple(ObjectReference(name=one) for one in secrets))
    )


def test_a_secret_gets_a_token_of_its_account(plane: Plane) -> None:
    account = robot(plane)
    secret = plane.create(token("robot"))
    plane.sim.run(1.0)
    filled = plane.get(Secret, "t")
    assert filled.data == {"ca.crt": b"PEM", "namespace": b"default", "token": sign(account, secret).encode()}
    assert filled.metadata.annotations == {
        SERVICE_ACCOUNT_NAME: "robot",
        SERVICE_ACCOUNT_UID: account.metadata.uid,
    }


def test_removed_data_is_restored_and_an_issued_token_kept(plane: Plane) -> None:
    robot(plane)
    made = plane.create(token("robot"))
    plane.sim.run(1.0)
    plane.change(made, lambda one: replace(one, data={"token": b"mine", "ca.crt": b"forged", "more": b"1"}))
    plane.sim.run(1.0)
    assert plane.get(Secret, "t").data == {"ca.crt": b"PEM", "more": b"1", "namespace": b"default", "token": b"mine"}


def test_a_secret_without_an_account_is_deleted(plane: Plane) -> None:
    plane.create(token("nosuch"))
    plane.sim.run(1.0)
    assert plane.find(Secret, "t") is None


def test_a_secret_is_deleted_with_its_account_and_not_kept_for_a_successor(plane: Plane) -> None:
    account = robot(plane)
    plane.create(token("robot"))
    plane.sim.run(1.0)
    plane.delete(account)
    robot(plane)
    plane.sim.run(1.0)
    assert plane.find(Secret, "t") is None


def test_a_secret_for_another_uid_is_deleted(plane: Plane) -> None:
    robot(plane)
    plane.create(token("robot", **{SERVICE_ACCOUNT_UID: "another"}))
    plane.sim.run(1.0)
    assert plane.find(Secret, "t") is None


def test_other_secrets_are_left_alone(plane: Plane) -> None:
    secret = replace(token("nosuch"), type="Opaque")
    plane.create(secret)
    plane.sim.run(1.0)
    assert plane.get(Secret, "t").data == {}


def test_references_to_a_deleted_secret_are_removed_from_accounts(plane: Plane) -> None:
    robot(plane, "t", "other")
    made = plane.create(token("robot"))
    plane.sim.run(1.0)
    plane.delete(made)
    plane.sim.run(1.0)
    assert plane.get(ServiceAccount, "robot").secrets == (ObjectReference(name="other"),)


def test_without_a_signing_key_secrets_are_only_deleted() -> None:
    plane = Plane(config=ControllerManagerConfig(root_ca="PEM"))
    robot(plane)
    plane.create(token("robot"))
    lost = token("nosuch")
    plane.create(replace(lost, metadata=replace(lost.metadata, name="lost")))
    plane.sim.run(1.0)
    assert [(one.metadata.name, one.data) for one in plane.list(Secret)] == [("t", {})]


def test_a_secret_created_together_with_its_account_is_filled(plane: Plane) -> None:
    secret = token("robot")
    account = ServiceAccount(metadata=meta("robot"))
    plane.do(partial(_both, plane, account, secret))
    plane.sim.run(1.0)
    assert plane.get(Secret, "t").data["token"].startswith(b"robot ")


async def _both(plane: Plane, account: ServiceAccount, secret: Secret) -> None:
    await plane.client.create(account)
    await plane.client.create(secret)
