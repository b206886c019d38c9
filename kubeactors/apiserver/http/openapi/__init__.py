"""OpenAPI documents, made from the Structs of a scheme.

    schemas.py      a Struct as a definition: properties, references, merge keys
    operations.py   the operations of a kind, as both versions of OpenAPI see them
    documents.py    the documents: version 2 as one, version 3 by group version, and the index of those
    gnostic.py      version 2 in protobuf
    descriptions.py what fields are for; the texts are in descriptions.txt

Clients use them to explain fields, to know merge keys, and to see which query parameters a server understands.

Source: the documents that a Kubernetes API server serves, kube-openapi (v1.36).
"""

from kubeactors.apiserver.http.openapi.documents import OpenApi

__all__ = ["OpenApi"]
