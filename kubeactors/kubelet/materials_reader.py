"""Reads the objects that pods refer to."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, PersistentVolumeClaim, Pod, Secret, Service
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.client import Client
from kubeactors.kubelet.claims import why_not_mounted
from kubeactors.kubelet.materials import NO_MATERIALS, Materials, Wanted, directory_of_volume, wanted_by
from kubeactors.kubelet.service_links import MASTER
from kubeactors.kubelet.tokens import NO_TOKENS, PodTokens, TokenManager


class MaterialsReader:
    """Reads ConfigMaps, Secrets, Services, claims and volumes. All methods may raise `StatusError`: retry later.

    Args:
        client: reads as the kubelet.
        tokens: requests service account tokens; None if none are issued.
    """

    __slots__ = ("_client", "_tokens")

    def __init__(self, client: Client, tokens: TokenManager | None) -> None:
        self._client = client
        self._tokens = tokens

    async def read(self, wanted: Wanted, pod: Pod, known: Materials | None, now: int) -> Materials:
        """Read what the pod needs, as far as it exists. Known tokens are kept while they are valid."""
        namespace = pod.metadata.namespace
        config_maps = {name: await self._client.find(ConfigMap, name, namespace) for name in wanted.config_maps}
        secrets = {name: await self._client.find(Secret, name, namespace) for name in wanted.secrets}
        directories, unmountable = await self._claims(wanted.claims, pod)
        return Materials(
            config_maps={name: one for name, one in config_maps.items() if one is not None},
            secrets={name: one for name, one in secrets.items() if one is not None},
            directories=directories,
            unmountable=unmountable,
            tokens=await self._account_tokens(wanted, pod, known or NO_MATERIALS, now),
            services=await self._services(namespace) if wanted.services else None,
        )

    async def read_rest(self, pod: Pod, known: Materials, now: int) -> Materials:
        """Complete the materials of a pod that does not read, for a command that may read everything."""
        found = await self.read(wanted_by(pod, everything=True), pod, known, now)
        return replace(
            found,
            config_maps={**found.config_maps, **known.config_maps},
            secrets={**found.secrets, **known.secrets},
        )

    async def _account_tokens(self, wanted: Wanted, pod: Pod, known: Materials, now: int) -> PodTokens | None:
        if self._tokens is None or not wanted.tokens:
            return None
        return await self._tokens.tokens(wanted.tokens, pod, known.tokens or NO_TOKENS, now)

    async def _claims(self, names: tuple[str, ...], pod: Pod) -> tuple[dict[str, str], dict[str, str]]:
        """The directories of the volumes of bound claims, and why others cannot be mounted."""
        directories: dict[str, str] = {}
        unmountable: dict[str, str] = {}
        for name in names:
            claim = await self._client.find(PersistentVolumeClaim, name, pod.metadata.namespace)
            volume_name = claim.spec.volume_name if claim is not None else ""
            volume = await self._client.find(PersistentVolume, volume_name) if volume_name else None
            if volume is not None:
                directories[name] = directory_of_volume(volume)
            if why := why_not_mounted(name, pod, claim, volume):
                unmountable[name] = why
        return directories, unmountable

    async def _services(self, namespace: str) -> tuple[Service, ...]:
        """The Services of a namespace, and the API server's."""
        found = (await self._client.list(Service, namespace)).items
        master = None if namespace == MASTER[0] else await self._client.find(Service, MASTER[1], MASTER[0])
        return tuple(found) if master is None else (*found, master)
