"""Leases have unique ids, also after a restart."""

from kubeactors.storage.leases import Lease, Leases


def test_ids_of_leases_are_never_reused() -> None:
    leases = Leases()
    leases.restore(Lease(7, 60))
    assert [leases.grant(60), leases.grant(30)] == [Lease(8, 60), Lease(9, 30)]
    leases.restore(Lease(3, 60))
    assert leases.grant(60) == Lease(10, 60)
    assert leases.get(7) == Lease(7, 60)
