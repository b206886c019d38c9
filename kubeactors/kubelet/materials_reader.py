"""Reads what pods refer to."""

from kubeactors.api.core.v1 import ConfigMap, PersistentVolumeClaim, Secret, Service
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.client import Client
from kubeactors.kubelet.materials import Materials, Wanted, directory_of_volume
from kubeactors.kubelet.service_links import MASTER


class MaterialsReader:
    """Reads ConfigMaps, Secrets, Services, claims and their volumes. All methods may raise a `StatusError`: try again later."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, wanted: Wanted, namespace: str) -> Materials:
        """What is wanted, as far as it exists."""
        config_maps = {name: await self._client.find(ConfigMap, name, namespace) for name in wanted.config_maps}
        secrets = {name: await self._client.find(Secret, name, namespace) for name in wanted.secrets}
        return Materials(
            config_maps={name: one for name, one in config_maps.items() if one is not None},
            secrets={name: one for name, one in secrets.items() if one is not None},
            directories=await self._directories(wanted.claims, namespace),
            services=await self.services(namespace) if wanted.services else None,
        )

    async def _directories(self, claims: tuple[str, ...], namespace: str) -> dict[str, str]:
        """Where the volumes of claims are, as far as they are bound."""
        found: dict[str, str] = {}
        for name in claims:
            claim = await self._client.find(PersistentVolumeClaim, name, namespace)
            volume = claim.spec.volume_name if claim is not None else ""
            bound = await self._client.find(PersistentVolume, volume) if volume else None
            if bound is not None:
                found[name] = directory_of_volume(bound)
        return found

    async def services(self, namespace: str) -> tuple[Service, ...]:
        """Those of a namespace, and that of the API server."""
        found = (await self._client.list(Service, namespace)).items
        master = None if namespace == MASTER[0] else await self._client.find(Service, MASTER[1], MASTER[0])
        return tuple(found) if master is None else (*found, master)
