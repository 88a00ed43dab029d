# SPDX-License-Identifier: GPL-3.0-or-later
"""Change one figure of one catalogue row at a time, and see whether a document test notices.

For every kind that printed tables speak about, each row is changed in each of its figures and names (a port one up,
the ends of a flow swapped, another word, an element or the whole row left out), and the tests of tests/documents that
compare the kind are called, in a process of their own. A change that none of them notices is a survivor. It must stand
in tests/data/unprinted.yml with the reason why no test of documents can notice it; an entry there that excuses nothing
any more is a failure too.
"""

from __future__ import annotations

import argparse
import fnmatch
import functools
import gc
import importlib
import itertools
import os
import re
import signal
import sys
import time
import typing as t
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".build" / "collections")]
COLLECTION = "ansible_collections.openuc.ocs.plugins.plugin_utils"
EXCUSES = ROOT / "tests/data/unprinted.yml"
WORKERS = 2
SECONDS = 120

# Modules of tests/documents that compare a kind.
COMPARED: dict[str, tuple[str, ...]] = {
    "availability": ("limits",),
    "balanced_services": ("applied_statements", "service_rows", "balancing", "load_balancer"),
    "balancer_needs": ("applied_statements", "balancing", "load_balancer"),
    "balancer_support": ("balancing", "load_balancer"),
    "bandwidth": ("bandwidth", "qos"),
    "capacity": ("capacity",),
    "certificate_keys": ("limits",),
    "certificate_rules": ("applied_statements", "certificate_scope", "certificates"),
    "certificates": ("applied_statements", "certificate_scope", "certificates"),
    "dns": ("dns_statements", "dns"),
    "flows": ("flow_statements", "flow_rows", "ports", "edge_firewall", "lync_ports"),
    "iis": ("applied_statements", "iis"),
    "ipsec": ("applied_statements", "ipsec"),
    "network_rules": ("limits",),
    "perimeter": ("limits",),
    "permissions": ("permissions", "processes"),
    "prerequisites": ("limits",),
    "publications": ("applied_statements", "publication_rows", "publications", "iis"),
    "qos": ("qos", "qos_targets", "qos_lync"),
    "sql_versions": ("storage",),
    "steps": ("steps", "processes"),
    "storage": ("storage", "storage_lines"),
    "topologies": ("limits",),
    "user_model": ("user_model",),
    "voice_figures": ("voice_figures", "mediation"),
}
# Of these kinds only some fields are printed figures; the others are prose, and so are rows that have none of them.
ONLY = {
    "availability": {"least"},
    "certificate_keys": {"most_bits", "least_bits"},
    "network_rules": {"at_least"},
    "perimeter": {"users"},
    "prerequisites": {"memory_gb", "cores"},
    "steps": {"order", "process"},
    "topologies": {"min_servers", "max_servers", "max_in_estate"},
}
CITATION = {"id", "source", "requirements", "erratum", "note"}
PROSE = {"purpose", "title", "task", "holds", "summary", "deployment", "checkpoint", "restart"}
# Fields whose text is a name: changed by a letter, not by taking the name of another row.
NAMES = {"subject", "name", "values", "names", "host", "path", "published", "folder", "listener", "aliases", "backend"}
TITLES = {"ipsec"}  # their titles are printed names

Data = dict[str, t.Any]
Pools = t.Mapping[tuple[str, str], list[object]]  # values that the rows of a kind have in a field
KILLED, CRASHED, SURVIVED = "killed", "crashed", "survived"


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
    prose = PROSE - ({"title"} if row.kind in TITLES else set())
    only = ONLY.get(row.kind, set(row.data))
    return [name for name in row.data if name in only and name not in CITATION | prose]


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
        for words, others in changed_values(row.data[name], name, pools[row.kind, name]):
            data = next((data for other in others if valid(data := {**row.data, name: other})), None)
            if data is not None:
                found.append(Mutant(row, name, words, data))
        rest = {key: value for key, value in row.data.items() if key != name}
        if not isinstance(row.data[name], list) and valid(rest):
            found.append(Mutant(row, name, "left out", rest))
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


# --- the tests --------------------------------------------------------------------------------------------------------


def run_module(name: str) -> None:
    """Call every test of a module of tests/documents; the first failure is raised."""
    module = importlib.import_module(f"tests.documents.test_{name}")
    for test in [value for key, value in vars(module).items() if key.startswith("test_")]:
        for arguments in arguments_of(test):
            test(**arguments)


def run_conditions(row: Row) -> None:
    """Plan the estates that must not plan a row."""
    module = importlib.import_module("tests.documents.test_conditions")
    for name, rows in module.TABLE["not_planned"].items():
        if row.id in rows:
            module.test_what_an_estate_lacks_is_not_planned(name)


def arguments_of(test: t.Any) -> t.Iterator[Data]:
    """What pytest would call the test with."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    for choice in itertools.product(*(mark.args[1] for mark in marks)):
        arguments: Data = {}
        for mark, value in zip(marks, choice, strict=True):
            names = mark.args[0].split(",") if isinstance(mark.args[0], str) else mark.args[0]
            values = getattr(value, "values", None)
            given = values if isinstance(values, tuple) else (value,) if len(names) == 1 else value
            arguments.update(zip(names, given, strict=True))
        yield arguments


def outcome(mutant: Mutant) -> str:
    """In a fork, so that whatever the tests keep is forgotten again."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        os._exit([KILLED, CRASHED, SURVIVED].index(_try(mutant)))
    _pid, status = os.waitpid(child, 0)
    return [KILLED, CRASHED, SURVIVED][os.WEXITSTATUS(status)] if os.WIFEXITED(status) else CRASHED


def _try(mutant: Mutant) -> str:
    loader: t.Any = importlib.import_module(f"{COLLECTION}.catalogue.loader")
    if mutant.data is None:
        rows_of, gone = loader._rows_of, mutant.row.id
        loader._rows_of = lambda product: tuple(row for row in rows_of(product) if row.id != gone)
    else:
        mutant.row.data.clear()
        mutant.row.data.update(mutant.data)
    try:
        for name in COMPARED[mutant.row.kind]:
            run_module(name)
        if mutant.field == "when":
            run_conditions(mutant.row)
    except AssertionError:
        return KILLED
    except Exception:  # noqa: BLE001 - a plan that cannot be made is noticed as well
        return CRASHED
    return SURVIVED


def warm_up() -> None:
    """Load in the parent, once, what no mutation changes: libraries, inventories and transcriptions."""
    content_of = functools.cache(lambda text: yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    setattr(yaml, "safe_load", content_of)  # noqa: B010 - each child reads the same transcriptions
    support = importlib.import_module("tests.support")
    for path in (ROOT / "inventories").glob("*/hosts.yml"):
        support.example(path.parent.name)
    for path in (ROOT / "tests/documents").rglob("*.yml"):
        yaml.safe_load(path.read_text())
    for name in sorted(set(itertools.chain.from_iterable(COMPARED.values()))):
        run_module(name)
    for name in [name for name in sys.modules if name.startswith("tests.documents.test_")]:
        del sys.modules[name]
    importlib.import_module(f"{COLLECTION}.catalogue.loader").load.cache_clear()
    support.example_design.cache_clear()
    gc.collect()
    gc.freeze()


def outcomes(mutants: t.Sequence[Mutant]) -> list[str]:
    """The outcome of each, tried by as many workers as there are processors to use."""
    found = [""] * len(mutants)
    pipes = []
    for worker in range(WORKERS):
        reading, writing = os.pipe()
        if os.fork() == 0:
            with os.fdopen(writing, "w") as stream:
                for index in range(worker, len(mutants), WORKERS):
                    word = outcome(mutants[index])
                    stream.write(f"{index} {word}\n")
                    if word == SURVIVED:
                        mutant = mutants[index]
                        print(f"survived: {mutant.row.id} {mutant.field}: {mutant.words}", flush=True)
            os._exit(0)
        os.close(writing)
        pipes.append(reading)
    for pipe in pipes:
        with os.fdopen(pipe) as lines:
            for line in lines:
                number, word = line.split()
                found[int(number)] = word
    return found


# --- the report -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Excuse:
    """Figures that no document prints."""

    rows: str
    fields: tuple[str, ...]
    why: str

    def covers(self, mutant: Mutant) -> bool:
        return fnmatch.fnmatch(mutant.row.id, self.rows) and ("*" in self.fields or mutant.field in self.fields)


def excuses() -> list[Excuse]:
    lists = yaml.safe_load(EXCUSES.read_text())
    entries = [*lists["unprinted"], *lists["open"]]
    return [Excuse(entry["rows"], tuple(entry["fields"]), entry["why"]) for entry in entries]


def report(mutants: t.Sequence[Mutant], found: t.Sequence[str], complete: bool) -> bool:
    """Print the figures and what is wrong; true when nothing is."""
    known = excuses()
    survivors = [mutant for mutant, word in zip(mutants, found, strict=True) if word == SURVIVED]
    loose = [mutant for mutant in survivors if not any(excuse.covers(mutant) for excuse in known)]
    counts = Counter(zip((mutant.row.kind for mutant in mutants), found, strict=True))
    left = Counter(mutant.row.kind for mutant in loose)
    print(f"{'kind':20}{'mutants':>9}{KILLED:>9}{CRASHED:>9}{SURVIVED:>10}{'unexcused':>11}")
    for kind in sorted({mutant.row.kind for mutant in mutants}):
        each = [counts[kind, word] for word in (KILLED, CRASHED, SURVIVED)]
        print(f"{kind:20}{sum(each):9}{each[0]:9}{each[1]:9}{each[2]:10}{left[kind]:11}")
    for mutant in loose:
        print(f"survived: {mutant.row.id} {mutant.field}: {mutant.words}")
    stale = [e for e in known if complete and not any(e.covers(mutant) for mutant in survivors)]
    for excuse in stale:
        print(f"excuses nothing: {excuse.rows} {', '.join(excuse.fields)}")
    return not loose and not stale


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=sorted(COMPARED), help="only this kind; may be repeated")
    parser.add_argument("--rows", default="*", help="only rows whose id matches, such as 'lync2010.*'")
    parser.add_argument("--every", type=int, default=1, help="only each Nth mutant, for a quick look")
    options = parser.parse_args()
    start = time.monotonic()
    mutants = every_mutant(options.kind or COMPARED, options.rows)[:: options.every]
    warm_up()
    print(f"{len(mutants)} mutants", flush=True)
    found = outcomes(mutants)
    fine = report(mutants, found, complete=not options.kind and options.rows == "*" and options.every == 1)
    print(f"{time.monotonic() - start:.0f} s")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
