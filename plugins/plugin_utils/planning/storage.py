# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage: databases, folders and shares, disks, and how all of it grows."""

from __future__ import annotations

import dataclasses
import typing as t

from ..catalogue.model import Fact
from ..schema.fields import option
from ..topology.context import Context
from ..topology.model import Cluster, Topology
from .base import Item, Stages, applications
from .loads import LoadFact, load_of, number, subject_of
from .measures import Measures

Shape = t.Literal["database", "folder", "share", "disks", "size", "throughput", "rule"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StorageFact(LoadFact):
    """Something that is stored, where, on which disks, or how much it becomes."""

    KIND: t.ClassVar[str] = "storage"

    shape: Shape = option("What kind of statement it is")
    name: str = option("Name of the database, folder or share, or what is measured")
    place: t.Literal["back_end", "file_server", "own", "database"] = option(
        "Computer it is on: the pool's Back-End, its file server, the server itself, or one chosen for the database",
        default="own",
    )
    holds: str = option("What is in it, or what to do", default="")
    folder: str = option("Path below the installation folder", default="")
    optional: bool = option("Whether it may be left out", default=False)
    engines: tuple[str, ...] = option("Database engines that may hold it", default=())
    apart_from: tuple[str, ...] = option("What must be on another computer", default=())
    together_with: tuple[str, ...] = option("What must be in the same instance", default=())
    disks: tuple[tuple[str, ...], ...] = option("Physical disks, and the files on each", default=())
    each: float = option("Amount for each unit of the load", default=0.0)
    load_unit: float = option("How much of the load `each` and the throughput are given for", default=1.0)
    plus: float = option("Amount that is added once", default=0.0)
    unit: str = option("Unit of the amount", default="")
    read_bytes: float = option("Average bytes of a read", default=0.0)
    write_bytes: float = option("Average bytes of a write", default=0.0)
    reads: float = option("Reads a second", default=0.0)
    writes: float = option("Writes a second", default=0.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StorageLine(Item):
    """One statement about one computer's storage."""

    subject: str
    shape: Shape
    name: str
    place: str
    host: str
    holds: str
    folder: str
    optional: bool
    engines: tuple[str, ...]
    apart_from: tuple[str, ...]
    together_with: tuple[str, ...]
    disks: tuple[str, ...]
    amount: float
    unit: str
    formula: str
    reads: float
    writes: float
    bytes_per_second: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SqlVersionFact(Fact):
    """A version of SQL Server and the versions of Windows it may run on, clustered or not."""

    KIND: t.ClassVar[str] = "sql_versions"

    sql: tuple[str, ...] = option("Versions and editions of SQL Server, as an inventory writes them")
    windows: tuple[str, ...] = option("Versions and editions of Windows, as an inventory writes them")
    nodes: int = option("Most nodes of a failover cluster; 0 where clustering is not supported")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SqlSupport(Item):
    """A supported pair of database engine and Windows for Back-Ends; `nodes` 0 is a single server."""

    product: str
    sql: tuple[str, ...]
    windows: tuple[str, ...]
    nodes: int


def plan_sql_support(topology: Topology, stages: Stages) -> tuple[SqlSupport, ...]:
    """What Back-Ends may run on, where the inventory has any that are servers of their own."""
    products = dict.fromkeys(cluster.product for cluster in topology.clusters.values() if _has_back_end(cluster))
    return tuple(
        SqlSupport(
            id=f"{fact.id}@{product}",
            stage=stages.names[0],
            why=(fact.id,),
            product=product,
            sql=fact.sql,
            windows=fact.windows,
            nodes=fact.nodes,
        )
        for product in products
        for fact in topology.catalogues[product].facts(SqlVersionFact)
    )


def _has_back_end(cluster: Cluster) -> bool:
    return cluster.pool is not None and cluster.pool.sql is not None


def plan_storage(topology: Topology, stages: Stages) -> tuple[StorageLine, ...]:
    """One line for each statement and what it is about."""
    measures = Measures(topology)
    return tuple(_line(fact, context, stages, measures) for fact, context in applications(topology, StorageFact))


def _line(fact: StorageFact, context: Context, stages: Stages, measures: Measures) -> StorageLine:
    load = load_of(fact, context, measures)
    subject = subject_of(context)
    share = load.value / fact.load_unit
    formula = ""
    if fact.each:
        per = f" per {number(fact.load_unit)}" if fact.load_unit != 1 else ""
        plus = f" + {number(fact.plus)}" if fact.plus else ""
        formula = f"({load.formula}) x {number(fact.each)}{per}{plus} {fact.unit}"
    return StorageLine(
        id=f"{fact.id}@{subject}",
        stage=stages.of(fact, context),
        why=load.why,
        subject=subject,
        shape=fact.shape,
        name=fact.name,
        place=fact.place,
        host=_host(fact, context),
        holds=fact.holds,
        folder=fact.folder,
        optional=fact.optional,
        engines=fact.engines,
        apart_from=fact.apart_from,
        together_with=fact.together_with,
        disks=tuple(" + ".join(files) for files in fact.disks),
        amount=round(share * fact.each + (fact.plus if fact.each else 0), 2),
        unit=fact.unit,
        formula=formula,
        reads=round(share * fact.reads, 3),
        writes=round(share * fact.writes, 3),
        bytes_per_second=round(share * (fact.reads * fact.read_bytes + fact.writes * fact.write_bytes), 1),
    )


def _host(fact: StorageFact, context: Context) -> str:
    """The computer, as far as the inventory names it."""
    pool = context.cluster.pool if context.cluster else None
    if fact.place == "back_end":
        return pool.sql.host if pool and pool.sql else subject_of(context)
    if fact.place == "file_server":
        return pool.file_server if pool else ""
    return subject_of(context) if fact.place == "own" and context.cluster else ""
