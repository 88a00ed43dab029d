# SPDX-License-Identifier: GPL-3.0-or-later
"""The mutants of catalogue rows: a row with one of its figures or names changed, an element left out, or all of it."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import re
import typing as t
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "ansible_collections.openuc.ocs.plugins.plugin_utils"

# Modules of tests/documents that compare a kind.
COMPARED: dict[str, tuple[str, ...]] = {
    "active_directory": ("rule_statements",),
    "applications": ("rule_statements",),
    "availability": ("advice_statements", "limits"),
    "balanced_services": ("applied_statements", "service_rows", "balancing", "load_balancer"),
    "balancer_needs": ("applied_statements", "balancing", "load_balancer"),
    "balancer_requirements": ("advice_statements",),
    "balancer_support": ("balancing", "load_balancer"),
    "bandwidth": ("bandwidth", "qos"),
    "capacity": ("capacity",),
    "certificate_authorities": ("rule_statements",),
    "certificate_keys": ("rule_statements", "limits"),
    "certificate_rules": ("applied_statements", "certificate_scope", "certificates"),
    "certificate_trust": ("advice_statements",),
    "certificates": ("applied_statements", "certificate_scope", "certificates"),
    "clients": ("rule_statements",),
    "coexistence": ("rule_statements",),
    "collocation": ("collocation",),
    "composition": ("rule_statements",),
    "decisions": ("rule_statements",),
    "dial_plan": ("advice_statements",),
    "dns": ("dns_statements", "dns"),
    "feature_roles": ("features",),
    "features": ("rule_statements",),
    "flows": ("flow_statements", "flow_rows", "ports", "edge_firewall", "lync_ports"),
    "iis": ("applied_statements", "iis"),
    "iis_settings": ("advice_statements",),
    "ipsec": ("applied_statements", "ipsec"),
    "mobile": ("advice_statements",),
    "naming": ("rule_statements",),
    "nat": ("rule_statements",),
    "nat_rules": ("rule_statements",),
    "network_rules": ("rule_statements", "limits"),
    "partner_rules": ("rule_statements",),
    "perimeter": ("rule_statements", "limits"),
    "permissions": ("permissions", "processes"),
    "prerequisites": ("advice_statements", "limits"),
    "processes": ("rule_statements", "processes"),
    "products": ("rule_statements",),
    "proxy_requirements": ("advice_statements",),
    "publication_needs": ("advice_statements",),
    "publications": ("applied_statements", "publication_rows", "publications", "iis"),
    "qos": ("qos", "qos_targets", "qos_lync"),
    "security": ("advice_statements",),
    "server_types": ("rule_statements",),
    "sql_versions": ("storage",),
    "stages": ("rule_statements",),
    "steps": ("advice_statements", "steps", "processes"),
    "storage": ("storage", "storage_lines"),
    "stories": ("stories",),
    "topologies": ("rule_statements", "limits"),
    "user_model": ("user_model",),
    "virtualization": ("rule_statements",),
    "voice": ("advice_statements",),
    "voice_figures": ("voice_figures", "mediation"),
    "voip_security": ("rule_statements",),
}
# Of these kinds the documents print nothing that a change could contradict.
NOT_COMPARED = {
    "certificate_lifetimes": "Rules of public authorities of later years, of which no copy is stored",
    "documents": "Titles of the documents themselves",
    "errata": "Words about contradictions; the tests of tables look up each place that an erratum names",
    "extras": "What an inventory adds of its own",
    "findings": "Words and severities of ours; a scenario holds each line",
    "peers": "Titles of products that are not planned",
    "failures": "What the outcome of a probe may mean, in words of ours",
    "step_checks": "How one sees that a step is done, by signs that are hardly printed; tests of the roll-out look",
    "workloads": "Which flows stand together on a poster; a choice of ours",
}
CITATION = {"id", "source", "requirements", "erratum", "note"}
PROSE = {"purpose", "title", "task", "holds", "summary", "deployment", "checkpoint", "restart"}
# Fields whose text is a name: changed by a letter, not by taking the name of another row.
NAMES = {"subject", "name", "values", "names", "host", "path", "published", "folder", "listener", "aliases", "backend"}
# The same, of some kinds: words of ours, such as the finding that says it or the variable that mends it.
PROSE_OF = {
    "active_directory": {"finding"},
    "availability": {"topic"},
    "balancer_requirements": {"topic"},
    "certificate_authorities": {"finding"},
    "certificate_trust": {"store"},
    "clients": {"needs"},
    "dial_plan": {"subject"},
    "feature_roles": {"settings"},
    "iis_settings": {"setting"},
    "mobile": {"missing", "path", "subject"},
    "naming": {"allowed", "finding"},
    "prerequisites": {"subject", "verify"},
    "proxy_requirements": {"topic"},
    "security": {"verify"},
    "steps": {"details", "verify"},
    "voice": {"missing", "path", "subject"},
}
KEYS = {"limited", "options"}  # mappings of a word to prose
TITLES = {"ipsec"}  # their titles are printed names
# Fields for people to read, of which only the figures can be compared.
TEXTS = {"text", "requirement", "value", "title", "purpose", "purposes", "statement"}
FIGURES_IN_TEXTS = {
    "availability",
    "balancer_requirements",
    "certificate_trust",
    "dial_plan",
    "iis_settings",
    "mobile",
    "prerequisites",
    "proxy_requirements",
    "publication_needs",
    "security",
    "steps",
    "voice",
}
FIGURE = re.compile(r"(?<![A-WYZa-wyz\d.,])\d+")  # neither S60 nor R2

Data = dict[str, t.Any]
Pools = t.Mapping[tuple[str, str], list[object]]  # values that the rows of a kind have in a field


class Row(t.Protocol):
    id: str
    kind: str
    product: str
    data: Data


@dataclass(frozen=True)
class Mutant:
    """A row with one thing changed; `data` is None where the row is left out."""

    row: Row
    field: str
    words: str
    data: Data | None


# --- what may be changed ----------------------------------------------------------------------------------------------


def fields_of(row: Row) -> list[str]:
    prose = (PROSE | PROSE_OF.get(row.kind, set())) - ({"title"} if row.kind in TITLES else set())
    if row.kind in FIGURES_IN_TEXTS:
        prose = prose | TEXTS
    return [name for name in row.data if name not in CITATION | prose]


def other_figures(row: Row) -> t.Iterator[Mutant]:
    """Each figure of a row's text, one up."""
    for name in sorted(TEXTS & set(row.data)):
        text = row.data[name]
        for found in FIGURE.finditer(text):
            other = f"{text[: found.start()]}{int(found[0]) + 1}{text[found.end() :]}"
            yield Mutant(row, name, f"{found[0]} changed", {**row.data, name: other})


def other_values(value: object, name: str, pool: t.Sequence[object]) -> t.Iterator[object]:
    """Values to try in the place of one: a number one up, a name with another letter, a word that other rows have."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield value + 1
    elif isinstance(value, str):
        if re.search(r"\d", value):
            yield re.sub(r"\d+(?=\D*$)", lambda found: str(int(found[0]) + 1), value)
            yield re.sub(r"\d+(?=\D*$)", lambda found: str(int(found[0]) - 1), value)
        if name in NAMES:
            yield f"x{value}"
        yield from (other for other in pool if other != value)
        yield f"{value}x"


def lists_without_one(value: t.Sequence[object]) -> t.Iterator[tuple[object, list[object]]]:
    for index, element in enumerate(value):
        yield element, [*value[:index], *value[index + 1 :]]


def changed_values(value: object, name: str, pool: t.Sequence[object]) -> t.Iterator[tuple[str, list[object]]]:
    """Changes to a value, in words, each with the values that would make it; the first one that is valid is taken."""
    if isinstance(value, list):
        for element, rest in lists_without_one(value):
            yield f"without {element}", [rest]
        if name != "when":
            for index, element in enumerate(value):
                for words, others in changed_values(element, name, pool):
                    yield words, [[*value[:index], other, *value[index + 1 :]] for other in others]
    elif isinstance(value, dict):
        for key, inner in value.items():
            for words, others in changed_values(inner, key, ()):
                yield f"{key} {words}", [{**value, key: other} for other in others]
    else:
        yield f"{value} changed", list(other_values(value, name, pool))
        if isinstance(value, str) and "|" in value:
            for element, rest in lists_without_one(value.split("|")):
                yield f"without {element}", ["|".join(map(str, rest))]


def mutants_of(
    row: Row, pools: t.Mapping[tuple[str, str], list[object]], valid: t.Callable[[Data], bool]
) -> list[Mutant]:
    fields = fields_of(row)
    found = [Mutant(row, "row", "left out", None)] if fields else []
    for name in fields:
        if name in KEYS and isinstance(row.data[name], dict):
            found += [
                Mutant(
                    row,
                    name,
                    f"without {key}",
                    {**row.data, name: {k: v for k, v in row.data[name].items() if k != key}},
                )
                for key in row.data[name]
            ]
            continue
        for words, others in changed_values(row.data[name], name, pools[row.kind, name]):
            data = next((data for other in others if valid(data := {**row.data, name: other})), None)
            if data is not None:
                found.append(Mutant(row, name, words, data))
        rest = {key: value for key, value in row.data.items() if key != name}
        if not isinstance(row.data[name], list) and valid(rest):
            found.append(Mutant(row, name, "left out", rest))
    if row.kind in FIGURES_IN_TEXTS:
        found += other_figures(row)
    if row.kind == "flows" and row.data["from"] != row.data["to"]:
        found.append(
            Mutant(row, "from", "swapped with to", {**row.data, "from": row.data["to"], "to": row.data["from"]})
        )
    return found


def every_mutant(kinds: t.Collection[str], pattern: str) -> list[Mutant]:
    loader = importlib.import_module(f"{COLLECTION}.catalogue.loader")
    decoding = importlib.import_module(f"{COLLECTION}.schema.decode")
    classes = _fact_classes()

    def valid(row: Row, data: Data) -> bool:
        reader = decoding.Reader(loader.vocabulary())
        found = [decoding.decoder_of(cls)(data, row.id, reader) for cls in classes[row.kind]]
        return not reader.problems and decoding.INVALID not in found

    owners = (importlib.import_module(f"{COLLECTION}.catalogue.model").COMMON, *loader.products())
    unknown = {row.kind for owner in owners for row in loader._rows_of(owner)} - {*COMPARED, *NOT_COMPARED}
    assert not unknown, f"rows of these kinds are compared with nothing: {', '.join(sorted(unknown))}"
    rows: list[Row] = [row for owner in owners for row in loader._rows_of(owner) if row.kind in COMPARED]
    pools: dict[tuple[str, str], list[object]] = defaultdict(list)
    for row in rows:
        for name, value in row.data.items():
            known = pools[row.kind, name]
            known += [other for other in (value if isinstance(value, list) else [value]) if other not in known]
    wanted = [row for row in rows if row.kind in kinds and fnmatch.fnmatch(row.id, pattern)]
    return [mutant for row in wanted for mutant in mutants_of(row, pools, functools.partial(valid, row))]


def _fact_classes() -> dict[str, list[type]]:
    """The classes that rows are read as, by kind."""
    folder = ROOT / "plugins/plugin_utils"
    for path in folder.rglob("*.py"):
        importlib.import_module(".".join((COLLECTION, *path.relative_to(folder).with_suffix("").parts)))
    model = importlib.import_module(f"{COLLECTION}.catalogue.model")
    found: dict[str, list[type]] = defaultdict(list)
    waiting = [model.Fact]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        found[cls.KIND].append(cls)
    return found
