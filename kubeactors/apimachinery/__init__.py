"""Rules common to objects of all kinds. Everything is pure: it knows neither clock nor randomness.

Every room above uses it; it uses `message.py` alone.

- Objects: `meta` (metadata, and how absence is encoded), `unstructured` (kinds known at run time only), `scheme` (the
  registered kinds).
- Requests and errors: `requests`, `status`, `field`.
- Encoding: `serializer` (start here), `jsontext`, `yamltext`; `reader`, `leaves` and `findings` are the slow path, with
  Go's leniency and Go's messages; `exact` reads configuration files strictly, and `words` suggests corrections.
- Changes: `patches`, `managedfields`.
- Selection: `labels` (with `labelparser` and `requirement`), `fieldselector`.
- Values of fields: `names`, `ip`, `objectmeta`, `conditions` (and `condition_validation`), `quantity`, `intstr`,
  `regexp`, `time`; `jsonpath` finds values.
- Custom resources: `structural` (schemas), `cel` (expressions).
- Hashes in names: `hashing`, of what `godump` prints.
- Helpers: `shared` (memoization by identity), `wire` (protobuf).

Behaviour and messages are those of k8s.io/apimachinery v1.36; each file says of which part.
"""
