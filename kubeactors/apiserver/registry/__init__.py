"""The registry: reads from the cache, applies the strategy of a kind, and writes to the store on conditions.

    registry.py   create, update, delete; errors.py          strategy.py, kinds.py, pods.py, ...   strategies of kinds
    deletion.py   graceful deletion and finalizers           metadata.py, checks.py                rules of all kinds
    storage.py    the store's protocol                       scale.py, evictions.py, ...           subresources

Who calls it: `apiserver/writing.py`. What it sends: requests to the store.
Where its behaviour comes from: apiserver/pkg/registry, pkg/registry (v1.36).
"""
