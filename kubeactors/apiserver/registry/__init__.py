"""How objects are stored: `Registry` for all kinds, a `Strategy` for the rules of each, and the subresources.

    registry.py   create, update, delete on condition        strategy.py, kinds.py, pods.py, ...   rules of kinds
    deletion.py   what a deletion means                      metadata.py, checks.py                what all kinds share
    storage.py    the store's protocol                       scale.py, evictions.py, ...           subresources

Who calls it: `apiserver/writing.py`. What it sends: requests to the store.
Where its behaviour comes from: apiserver/pkg/registry, pkg/registry (v1.36).
"""
