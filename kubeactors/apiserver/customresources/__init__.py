"""Custom resources: kinds that are added and removed while the server runs.

    naming.py        accepts the names of definitions          strategies.py   definitions and custom objects
    definitions.py   reconciles definitions and resources      scale.py        the scale of custom objects
    conversions.py   conversion by webhooks
    served.py        the resources served per definition

Who calls it: `apiserver/server.py`, when the cache has applied a change of a definition.
Where its behaviour comes from: apiextensions-apiserver/pkg/{controller,registry,apiserver} (v1.36).
"""
