"""Rules about any object, whatever its kind. All of it is pure: values in, values out; it knows no clock and no chance.

Every room above uses it; it uses `message.py` alone.

- What objects are: `meta` (metadata, and how absence is written), `unstructured` (kinds known at run time only),
  `scheme` (which kinds there are).
- How they are asked for, and refused: `requests`, `status`, `field`.
- How they are written and read: `serializer` (start here), `jsontext`, `yamltext`; `reader`, `leaves` and `findings`
  are its thorough way, with Go's leniency and Go's words; `exact` reads files that people write for us, and `words`
  tells them what they might have meant.
- How they are changed: `patches`.
- How they are chosen: `labels` (with `labelparser` and `requirement`), `fieldselector`.
- What may stand in them: `names`, `ip`, `objectmeta`, `conditions` (and `condition_validation`), `quantity`, `intstr`,
  `regexp`, `time`; `jsonpath` finds things in them.
- What becomes part of names: `hashing`.

Behaviour and messages are those of k8s.io/apimachinery v1.36; each file says of which part.
"""
