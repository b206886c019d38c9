"""Custom resources: kinds that come and go while the server runs.

    naming.py        which names a definition gets             strategies.py   rules of definitions and their objects
    definitions.py   from definitions to resources, and back   scale.py        the size of custom objects
    conversions.py   objects in other versions, where a webhook converts them
    served.py        what is served of each definition

Who calls it: `apiserver/server.py`, after each change of a definition that the cache takes in.
Where its behaviour comes from: apiextensions-apiserver/pkg/{controller,registry,apiserver} (v1.36).
"""
