"""OpenAPI documents, generated from the Structs of a scheme.

    schemas.py      a Struct as a definition: properties, references, merge keys
    operations.py   the operations of a kind, for both versions of OpenAPI
    documents.py    the documents: one for version 2; one per group version, and an index, for version 3
    gnostic.py      version 2 in protobuf
    descriptions.py descriptions of fields; the texts are in descriptions.txt

Clients use them to explain fields, to look up merge keys, and to find supported query parameters.

Source: the documents that a Kubernetes API server serves, kube-openapi (v1.36).
"""

from kubeactors.apiserver.http.openapi.documents import OpenApi

__all__ = ["OpenApi"]
