from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from llm4cov_engine.coverage.cobertura import cobertura
from llm4cov_engine.coverage.coverage import Coverage
from tests.engine.coverage.samples import DATA, coverage, point

# From the document type coverage-04: the required attributes, and the children in their order.
_ELEMENTS = {
    "coverage": (
        "line-rate branch-rate lines-covered lines-valid branches-covered branches-valid complexity "
        "version timestamp",
        ["sources", "packages"],
    ),
    "sources": ("", ["source"]),
    "source": ("", []),
    "packages": ("", ["package"]),
    "package": ("name line-rate branch-rate complexity", ["classes"]),
    "classes": ("", ["class"]),
    "class": ("name filename line-rate branch-rate complexity", ["methods", "lines"]),
    "methods": ("", []),
    "lines": ("", ["line"]),
    "line": ("number hits", ["conditions"]),
    "conditions": ("", ["condition"]),
    "condition": ("number type coverage", []),
}


def check(element: ElementTree.Element) -> None:
    attributes, children = _ELEMENTS[element.tag]
    assert set(attributes.split()) <= set(element.attrib), element.tag
    assert [child.tag for child in element] == sorted((child.tag for child in element), key=children.index), (
        element.tag
    )
    for child in element:
        check(child)


def test_it_is_of_its_document_type() -> None:
    check(ElementTree.fromstring(cobertura(coverage("alu"), version="5.048")))


def test_golden() -> None:
    text = cobertura(coverage("machines").within("esc.t"), version="5.048")
    assert text == (DATA / "machines" / "cobertura.xml").read_text()


def test_rates_are_those_of_the_lines() -> None:
    root = ElementTree.fromstring(cobertura(coverage("alu")))
    lines = root.findall(".//line")
    hit = [line for line in lines if line.get("hits") != "0"]
    assert (root.get("lines-covered"), root.get("lines-valid")) == (str(len(hit)), str(len(lines)))
    assert float(root.get("line-rate", "")) == round(len(hit) / len(lines), 4)
    assert (root.get("branches-covered"), root.get("branches-valid")) == ("12", "16")


def test_folders_are_packages_and_names_are_escaped() -> None:
    points = [replace(point(lines="1"), file=name) for name in ("rtl/a&b.sv", "rtl/c.sv", "top.sv")]
    root = ElementTree.fromstring(cobertura(Coverage(tuple(points))))
    assert [package.get("name") for package in root.iter("package")] == ["rtl", "."]
    assert [each.get("filename") for each in root.iter("class")] == ["rtl/a&b.sv", "rtl/c.sv", "top.sv"]


def test_nothing_to_say() -> None:
    root = ElementTree.fromstring(cobertura(Coverage(())))
    check(root)
    assert root.get("lines-valid") == "0"
