# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference pages and schemas, made from the declarations and the catalogue that the planner itself uses."""

from __future__ import annotations

import json
import typing as t

from ..catalogue import loader
from ..catalogue.facts import ErratumFact, FindingFact
from ..catalogue.model import Catalogue, Fact
from ..planning.plan import SCHEMA_VERSION, Plan
from ..schema.describe import SchemaBuilder, classes_below, described, words_of
from ..schema.fields import OptionInfo, options_of
from ..topology.inputs.estate import EstateInput
from ..topology.inputs.host import HostInput
from ..topology.inputs.run import RunInput
from ..topology.inventory import PREFIX
from .tables import markdown, page

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SEVERITIES = {"error": 0, "warning": 1, "advice": 2}
F = t.TypeVar("F", bound=Fact)


def inventory_page() -> str:
    """Every variable: scope, type, default, meaning."""
    parts = []
    scopes: tuple[tuple[str, type], ...] = (
        ("Estate", EstateInput),
        ("Hosts and groups", HostInput),
        ("Runs", RunInput),
    )
    for title, cls in scopes:
        parts += [f"## {title}\n", f"{(cls.__doc__ or '').strip()}\n", _options(cls, PREFIX)]
    classes = dict.fromkeys(below for cls in (EstateInput, HostInput, RunInput) for below in classes_below(cls))
    for cls in classes:
        parts += [f"### {cls.__name__}\n", f"{(cls.__doc__ or '').strip()}\n", _options(cls, "")]
    parts += ["## Words\n", *_words()]
    introduction = (
        "Variables that this collection reads. All begin with `uc_`; unknown ones are errors. Estate variables have "
        "one value for the whole inventory; host and group variables may differ from host to host. "
        "A group is a server type; the groups are listed under [words](#words)."
    )
    return page("Inventory reference", introduction, *parts)


def _options(cls: type, prefix: str) -> str:
    rows = [
        (f"`{prefix}{info.key}`", words_of(info.type, loader.vocabulary()), _default(info), _meaning(info))
        for info in options_of(cls)
    ]
    return markdown(("option", "value", "default", "meaning"), rows)


def _meaning(info: OptionInfo) -> str:
    return f"{info.doc}. *Scope: {info.scope}.*" if info.scope else info.doc


def _default(info: OptionInfo) -> str:
    if info.required:
        return "*required*"
    simple = isinstance(info.default, (str, int, float, bool)) and info.default != ""
    return f"`{json.dumps(info.default)}`" if simple else ""


def _words() -> t.Iterator[str]:
    for name, words in loader.vocabulary().items():
        yield f"**{name}**: {', '.join(f'`{word}`' for word in words)}\n"


def findings_page() -> str:
    """Every finding: severity, words, remedy, and what the documents say."""
    parts = []
    for fact in sorted(_all(FindingFact), key=lambda fact: fact.id):
        waivable = "" if fact.waivable else " It cannot be waived."
        parts.append(f"## {fact.id}\n\n**{fact.severity}**: {fact.message}\n\n{fact.remedy}{waivable}\n")
        parts.append(f"Source: {fact.source}.\n" + (f"\n{fact.note}\n" if fact.note else ""))
    introduction = (
        "What a plan may report. Words in braces stand for values of your inventory. Errors stop the plan; warnings "
        "and advice do not. Most can be accepted with a reason in `uc_waivers`."
    )
    return page("Findings reference", introduction, *parts)


def errata_page() -> str:
    """Where the documents contradict themselves, and which reading is taken."""
    parts = []
    for fact in sorted(_all(ErratumFact), key=lambda fact: fact.id):
        places = ", ".join((str(fact.source), *fact.also))
        parts.append(
            f"## {fact.title}\n\n`{fact.id}`, {places}\n\n- Printed: {fact.printed}\n- Taken: {fact.reading}\n"
            f"- Why: {fact.reason}\n"
        )
    introduction = (
        "Places where the documents contradict themselves or one another, the reading that the plans follow, and why."
    )
    return page("Errata", introduction, *parts)


def _all(cls: type[F]) -> tuple[F, ...]:
    found: dict[str, F] = {}
    for catalogue in _catalogues():
        found.update({fact.id: fact for fact in catalogue.facts(cls)})
    return tuple(found.values())


def _catalogues() -> t.Iterator[Catalogue]:
    return (loader.load(product) for product in loader.products())


def inventory_schema() -> str:
    """JSON Schema of a variables file, for editors."""
    builder = SchemaBuilder(loader.vocabulary())
    properties = {
        PREFIX + info.key: {**builder.of(info.type), **described(info.doc)}
        for cls in (EstateInput, HostInput, RunInput)
        for info in options_of(cls)
    }
    others = {"not": {"pattern": f"^{PREFIX}"}}
    body = {"properties": properties, "propertyNames": {"anyOf": [{"enum": list(properties)}, others]}}
    return _schema("Variables of openuc.ocs", body, builder)


def plan_schema() -> str:
    """JSON Schema of plan.json."""
    builder = SchemaBuilder({})
    hints = t.get_type_hints(Plan, include_extras=True)
    properties = {name: builder.of(declared) for name, declared in hints.items()}
    properties["schema_version"] = {"const": SCHEMA_VERSION}
    properties["estate"] = {"type": "string"}
    citation = dict(properties["citations"]["items"])
    properties["citations"] = {"type": "object", "additionalProperties": citation}
    definition = builder.definitions["Citation"]
    definition["properties"].pop("id")
    definition["required"].remove("id")
    required = sorted(properties)
    return _schema(
        "plan.json", {"properties": properties, "required": required, "additionalProperties": False}, builder
    )


def _schema(title: str, body: dict[str, t.Any], builder: SchemaBuilder) -> str:
    definitions = dict(sorted(builder.definitions.items()))
    content = {"$schema": _DRAFT, "title": title, "type": "object", **body, "$defs": definitions}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


PAGES: t.Mapping[str, t.Callable[[], str]] = {
    "reference/inventory.md": inventory_page,
    "reference/findings.md": findings_page,
    "reference/errata.md": errata_page,
    "schema/inventory.schema.json": inventory_schema,
    "schema/plan.schema.json": plan_schema,
}
