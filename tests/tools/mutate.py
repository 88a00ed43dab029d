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
import signal
import sys
import time
import typing as t
from collections import Counter
from dataclasses import dataclass

import yaml

from tests.tools.mutants import COLLECTION, COMPARED, ROOT, Data, Mutant, Row, every_mutant

EXCUSES = ROOT / "tests/data/unprinted.yml"
WORKERS = 2
SECONDS = 120
KILLED, CRASHED, SURVIVED = "killed", "crashed", "survived"
Test = tuple[str, str, int]  # module, function, and which of its sets of arguments


# --- the tests --------------------------------------------------------------------------------------------------------


def run_module(name: str) -> None:
    """Call every test of a module of tests/documents; the first failure is raised."""
    for test in tests_of(name):
        run_test(*test)


def tests_of(name: str) -> t.Iterator[Test]:
    module = importlib.import_module(f"tests.documents.test_{name}")
    for test in [key for key in vars(module) if key.startswith("test_")]:
        for place, _arguments in enumerate(arguments_of(getattr(module, test))):
            yield name, test, place


def run_test(name: str, test: str, place: int) -> None:
    """Call one test, with the arguments that stand in that place; a failure says which test it was."""
    function = getattr(importlib.import_module(f"tests.documents.test_{name}"), test)
    for arguments in itertools.islice(arguments_of(function), place, place + 1):
        try:
            function(**arguments)
        except Exception as error:
            error.add_note(f"{name} {test} {place}")
            raise


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


class Trial:
    """Tries one change after the other, each in a fork, so that whatever the tests keep is forgotten again.

    A test that noticed a change of a field often notices the next one, and is asked first.
    """

    def __init__(self) -> None:
        self._noticed: dict[tuple[str, str, str], Test] = {}

    def outcome(self, mutant: Mutant) -> str:
        sort = (mutant.row.product, mutant.row.kind, mutant.field)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)
            word, test = _try(mutant, self._noticed.get(sort))
            os.write(writing, f"{word} {test}".encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            word, _space, test = answer.read().partition(" ")
        os.waitpid(child, 0)
        if test:
            module, name, place = test.split()
            self._noticed[sort] = (module, name, int(place))
        return word or CRASHED


def _try(mutant: Mutant, likely: Test | None) -> tuple[str, str]:
    """What came of it, and which test noticed."""
    change(mutant)
    try:
        if likely:
            run_test(*likely)
        for name in COMPARED[mutant.row.kind]:
            run_module(name)
        if mutant.field == "when":
            run_conditions(mutant.row)
    except AssertionError as error:
        return KILLED, _noted(error)
    except Exception as error:  # noqa: BLE001 - a plan that cannot be made is noticed as well
        return CRASHED, _noted(error)
    return SURVIVED, ""


def _noted(error: Exception) -> str:
    return next(iter(getattr(error, "__notes__", ())), "")


def change(mutant: Mutant) -> None:
    """Change the row in the catalogues that were loaded; facts of other kinds stay as they were read."""
    loader: t.Any = importlib.import_module(f"{COLLECTION}.catalogue.loader")
    row = mutant.row
    if mutant.data is not None:
        row.data.clear()
        row.data.update(mutant.data)
    for catalogue in map(loader.load, loader.products()):
        catalogue._facts = {cls: facts for cls, facts in catalogue._facts.items() if row.kind != cls.KIND}
        if mutant.data is None and catalogue.row(row.id):
            del catalogue._by_id[row.id]
            catalogue._by_kind[row.kind].remove(row)


def warm_up(kinds: t.Collection[str]) -> None:
    """Load in the parent, once, what no mutation changes: libraries, inventories and transcriptions."""
    content_of = functools.cache(lambda text: yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    setattr(yaml, "safe_load", content_of)  # noqa: B010 - each child reads the same transcriptions
    support = importlib.import_module("tests.support")
    for path in (ROOT / "inventories").glob("*/hosts.yml"):
        support.example(path.parent.name)
    for path in (ROOT / "tests/documents").rglob("*.yml"):
        yaml.safe_load(path.read_text())
    for name in sorted(set(itertools.chain.from_iterable(COMPARED[kind] for kind in kinds))):
        run_module(name)
    for name in [name for name in sys.modules if name.startswith("tests.documents.test_")]:
        del sys.modules[name]
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
                trial = Trial()
                for index in range(worker, len(mutants), WORKERS):
                    word = trial.outcome(mutants[index])
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
    warm_up(options.kind or COMPARED)
    print(f"{len(mutants)} mutants", flush=True)
    found = outcomes(mutants)
    fine = report(mutants, found, complete=not options.kind and options.rows == "*" and options.every == 1)
    print(f"{time.monotonic() - start:.0f} s")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
