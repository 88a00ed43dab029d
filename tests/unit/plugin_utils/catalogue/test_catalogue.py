# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading the catalogue, and the promises that all of its rows keep."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.facts import ErratumFact, FindingFact, StageFact
from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue.model import (
    Catalogue,
    CatalogueError,
    Fact,
    RawRow,
    Source,
)
from ansible_collections.openuc.ocs.plugins.plugin_utils.schema.fields import option
from tests import support


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DoorFact(Fact):
    KIND: t.ClassVar[str] = "doors"

    width: int = option("How wide it is")


def row(row_id: str, product: str = "house", kind: str = "doors", **data: object) -> RawRow:
    given = {"id": row_id, "source": {"document": "plan", "lines": [1, 2]}, **data}
    return RawRow(row_id, kind, product, f"{product}/{kind}.yml", given)


def test_rows_of_a_kind_are_read_as_facts_in_their_order() -> None:
    catalogue = Catalogue("house", [row("b", width=2), row("a", width=1), row("c", kind="roofs")], {})
    facts = catalogue.facts(DoorFact)
    assert [(fact.id, fact.width, str(fact.source)) for fact in facts] == [("b", 2, "plan:1-2"), ("a", 1, "plan:1-2")]
    assert catalogue.facts(DoorFact) is facts
    assert catalogue.kinds() == ("doors", "roofs")
    assert [found.id for found in catalogue.rows("roofs")] == ["c"]


def test_a_row_is_found_by_its_id() -> None:
    catalogue = Catalogue("house", [row("a", width=1)], {})
    found = catalogue.row("a")
    assert found is not None
    assert (found.kind, catalogue.row("z")) == ("doors", None)


def test_a_kind_is_covered_only_by_rows_of_the_product_itself() -> None:
    catalogue = Catalogue("house", [row("a", product="common"), row("b", kind="roofs")], {})
    assert [catalogue.covers(kind) for kind in ("doors", "roofs", "walls")] == [False, True, False]


def test_an_id_that_is_used_twice_names_both_files() -> None:
    with pytest.raises(CatalogueError, match=r"house/roofs\.yml.*house/doors\.yml"):
        Catalogue("house", [row("a"), row("a", kind="roofs")], {})


@pytest.mark.parametrize("data", [{}, {"width": "wide"}, {"width": 1, "hight": 2}])
def test_a_wrong_row_names_its_file_and_field(data: dict[str, object]) -> None:
    with pytest.raises(CatalogueError, match=r"house/doors\.yml: a\.(width|hight)"):
        Catalogue("house", [row("a", **data)], {}).facts(DoorFact)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Source("guide", (5, 9)), "guide:5-9"),
        (Source("guide", (5, 5)), "guide:5"),
        (Source("windows", page="a page"), "windows a page"),
        (Source("collection"), "collection"),
    ],
)
def test_sources_are_written(source: Source, text: str) -> None:
    assert str(source) == text


def test_there_is_no_catalogue_of_an_unknown_product() -> None:
    with pytest.raises(CatalogueError, match="ocs1999"):
        loader.load("ocs1999")


def test_products_come_in_the_order_of_their_release() -> None:
    assert loader.products() == ("ocs2007", "ocs2007r2", "lync2010")


def test_words_of_inventories_are_ids_without_their_kind() -> None:
    words = loader.vocabulary()
    assert "federation" in words["features"]
    assert set(words["products"]) < set(words["peers"])
    assert "lcs2005" in words["peers"]


def test_a_kind_that_is_common_to_all_is_read_alone_and_is_the_same_for_each_product() -> None:
    alone = loader.common("stages")
    assert alone.kinds() == ("stages",)
    for product in loader.products():
        assert loader.load(product).facts(StageFact) == alone.facts(StageFact)


def test_stages_have_one_order() -> None:
    ranks = [fact.rank for fact in loader.load("ocs2007r2").facts(StageFact)]
    assert len(set(ranks)) == len(ranks)


@functools.cache
def all_rows() -> dict[str, RawRow]:
    found: dict[str, RawRow] = {}
    for product in loader.products():
        catalogue = loader.load(product)
        found.update({item.id: item for kind in catalogue.kinds() for item in catalogue.rows(kind)})
    return found


@functools.cache
def requirement_ids() -> frozenset[str]:
    rows = yaml.load(
        (support.ROOT / "tests" / "data" / "requirements.yml").read_text(),
        Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),
    )
    return frozenset(item["id"] for item in rows)


def source_of(item: RawRow) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", item.data.get("source") or {})


def test_rows_cite_documents_that_are_known() -> None:
    documents = {item.id for item in loader.load("ocs2007r2").rows("documents")}
    cited = {
        item.id: t.cast("dict[str, t.Any]", item.data.get("source") or {}).get("document")
        for item in all_rows().values()
    }
    assert {row_id: name for row_id, name in cited.items() if name not in documents and row_id not in documents} == {}


def test_rows_say_where_in_their_document() -> None:
    """By line, or by page where the document is not at hand as text."""
    bare = [
        item.id
        for item in all_rows().values()
        if source_of(item).get("document", "collection") != "collection"
        and not source_of(item).get("lines")
        and not source_of(item).get("page")
    ]
    assert bare == []


def test_rows_stand_for_requirements_that_exist() -> None:
    named = {name for item in all_rows().values() for name in t.cast("list[str]", item.data.get("requirements") or [])}
    assert named - requirement_ids() == set()


def test_errata_that_rows_refer_to_exist() -> None:
    named = {str(item.data["erratum"]) for item in all_rows().values() if item.data.get("erratum")}
    assert named - {item.id for item in all_rows().values() if item.kind == ErratumFact.KIND} == set()


def test_ids_begin_with_their_product_or_their_kind() -> None:
    wrong = [
        item.id
        for item in all_rows().values()
        if item.product != "common" and item.kind != "errata" and not item.id.startswith(f"{item.product}.")
    ]
    assert wrong == []


def test_words_of_findings_can_be_filled() -> None:
    for fact in loader.load("ocs2007r2").facts(FindingFact):
        for text in (fact.message, fact.remedy):
            assert text.count("{") == text.count("}"), fact.id


def test_files_stay_short() -> None:
    long = {
        path.name: length
        for path in loader.DATA.rglob("*.yml")
        if (length := len(path.read_text().splitlines())) >= 400
    }
    assert long == {}


def test_what_was_parsed_elsewhere_is_taken_for_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_TAKEN", {})
    contents = loader.parsed()
    place = str(loader.DATA / "common" / "products.yml")
    assert contents[place] == yaml.safe_load(Path(place).read_text())
    loader.take({place: {"rows": []}})
    assert loader.parsed() == {**contents, place: {"rows": []}}
