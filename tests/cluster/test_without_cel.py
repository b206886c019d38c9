"""A cluster without the CEL library: expressions are rejected with an explanation, and everything else works."""

import sys
from collections.abc import Iterator

import pytest

from kubeactors import Cluster
from kubeactors.apimachinery.cel import compile_program, program
from kubeactors.apimachinery.status import Invalid

POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: small}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  validations: [{expression: "object.spec.replicas < 5"}]
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: shops, singular: shop, kind: Shop}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}}RULES}
"""
RULES = ", x-kubernetes-validations: [{rule: 'self.size < 5'}]"
MISSING = "cel-expr-python, which is not installed"


@pytest.fixture(autouse=True)
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    _forget()
    yield
    _forget()


def _forget() -> None:
    program._environment.cache_clear()
    compile_program.cache_clear()


async def test_expressions_are_rejected_and_everything_else_works() -> None:
    async with Cluster(nodes=1) as cluster:
        with pytest.raises(Invalid, match=MISSING):
            await cluster.apply(POLICY)
        with pytest.raises(Invalid, match=MISSING):
            await cluster.apply(DEFINITION.replace("RULES", RULES))
        await cluster.apply(DEFINITION.replace("RULES", ""))
        await cluster.wait_for("crd/shops.example.com", "Established")
        await cluster.apply("{apiVersion: example.com/v1, kind: Shop, metadata: {name: corner}, spec: {size: 9}}")
        await cluster.wait_for("node/node-1", "Ready")
