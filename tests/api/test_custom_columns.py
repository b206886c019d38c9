from kubeactors.api.apiextensions.v1.columns import printer_of
from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    CustomResourceColumnDefinition,
    CustomResourceDefinitionVersion,
)
from kubeactors.apimachinery.unstructured import of

READY = '.status.conditions[?(@.type=="Ready")].status'


def test_a_column_shows_the_condition_that_its_path_filters_and_nothing_where_there_is_none() -> None:
    columns = (
        CustomResourceColumnDefinition(name="Ready", type="string", json_path=READY),
        CustomResourceColumnDefinition(name="Odd", type="string", json_path=".spec[odd"),
    )
    printer = printer_of(CustomResourceDefinitionVersion(name="v1", additional_printer_columns=columns))
    conditions = [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]
    ready = of({"kind": "Thing", "metadata": {"name": "a"}, "status": {"conditions": conditions}})
    new = of({"kind": "Thing", "metadata": {"name": "b"}, "spec": {"x": 1}})
    assert [printer.cells(one, 0) for one in (ready, new)] == [("a", "True", None), ("b", None, None)]
