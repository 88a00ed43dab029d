# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is planned about storage: what, on which computer, how large, and beside what.

Sizes are worked out here from the printed figures and the printed user model.
"""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.openuc.ocs.plugins.plugin_utils.catalogue import loader
from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.storage import StorageFact, StorageLine
from tests.documents import printed
from tests.documents.user_model import MODEL, value
from tests.documents.user_model import ROWS as CAPACITY

TABLES = printed.rows("ocs2007r2/storage")
TEXT = printed.rows("ocs2007r2/storage_text")
POOL, STANDARD = "pool1.corp.contoso.com", "ocs1.corp.contoso.com"
SUBJECTS = {
    "front_end": POOL,
    "enterprise pool": POOL,
    "standard edition": STANDARD,
    "archiving": "arch1.corp.contoso.com",
    "monitoring": "mon1.corp.contoso.com",
    "group_chat": "gc1.corp.contoso.com",
    "estate": "estate",
}
# Users of the pool and of the whole estate, those of another pool included; what an inventory states besides.
USERS, IN_ALL, MEETINGS, DAYS = 50000, 50500, 7, 15
ESTATE = {
    f"uc_pools/{POOL}/users": USERS,
    "uc_pools/dirpool.corp.contoso.com/users": IN_ALL - USERS,
    "uc_user_model": {"archive_days": DAYS, "meetings_kept": MEETINGS},
}
LAB = printed.planned("lab", ESTATE)
OFFICE_USERS = 800
OFFICE = printed.planned("standard", {f"uc_pools/{STANDARD}/applications": ["response_group"]})

KB_IN_MB, KB_IN_GB = 1024, 1024 * 1024


class Key(t.NamedTuple):
    """What a line is, and where."""

    subject: str
    shape: str
    name: str
    place: str


def keys(lines: t.Iterable[StorageLine]) -> list[Key]:
    return sorted(Key(line.subject, line.shape, line.name, line.place) for line in lines)


def table(name: str) -> list[printed.Row]:
    return [row for row in (*TABLES, *TEXT) if row["printed_table"] == name]


def size(subject: str) -> float:
    (found,) = [row["value"] for row in table("sizes") if row["subject"] == subject]
    return float(found)


def advice(*whom: str) -> list[Key]:
    return [Key(SUBJECTS[row["of"]], "rule", row["name"], row["place"]) for row in table("advice") if row["of"] in whom]


# --- databases, shares, folders, disks and advice -------------------------------------------------------------------

OF_POOL = ("RTC", "RTCConfig", "RTCDyn", "RTCab", "ACDDyn")
APART = {"LcsLog": "archiving", "LcsCDR": "monitoring", "QoEMetrics": "monitoring"}
CHAT, COMPLIANCE = "Group Chat database, named by the administrator", "Compliance database, named by the administrator"
DISKS = {
    "front_end": ("Disks of a Back-End or a Standard Edition server", "back_end"),
    "archiving": ("Disks of the archiving database", "database"),
    "monitoring": ("Disks of the monitoring databases", "database"),
}


def stores() -> list[str]:
    """Names of databases, as far as the guide gives them."""
    return [row["store"] for row in table("data_types") if not row["store"].startswith("User-specified")]


def shares() -> list[str]:
    return [row["folder"].partition(" (")[0] for row in table("folders")]


def test_lines_of_the_lab_without_figures() -> None:
    assert set(stores()) == {*OF_POOL, *APART}
    expected = [
        *(Key(POOL, "database", store, "back_end") for store in OF_POOL),
        *(Key(SUBJECTS[role], "database", store, "database") for store, role in APART.items()),
        *(Key(SUBJECTS["group_chat"], "database", store, "database") for store in (CHAT, COMPLIANCE)),
        Key(SUBJECTS["group_chat"], "share", "Group Chat files, named by the administrator", "database"),
        *(Key(POOL, "share", name, "file_server") for name in shares()),
        *(Key(SUBJECTS[role], "disks", name, place) for role, (name, place) in DISKS.items()),
        *advice("enterprise pool", "estate", "archiving", "monitoring"),
    ]
    assert keys(line for line in LAB.storage if line.shape not in ("size", "throughput")) == sorted(expected)


def test_lines_of_a_standard_edition_server_without_figures() -> None:
    folders = [line.name for line in OFFICE.storage if line.shape == "folder"]
    assert len(folders) == len(
        [row for row in table("data_types") if "standard" in row and "SQL" not in row["standard"]]
    )
    name, place = DISKS["front_end"]
    expected = [
        *(Key(STANDARD, "database", store, "back_end") for store in OF_POOL),
        *(Key(STANDARD, "folder", name, "own") for name in folders),
        Key(STANDARD, "disks", name, place),
        *advice("standard edition", "estate"),
    ]
    assert keys(line for line in OFFICE.storage if line.shape != "size") == sorted(expected)


def test_where_what_is_planned_stands() -> None:
    """The Back-End and the file server of the pool; a Standard Edition server itself."""
    hosts = {"back_end": "sql1.corp.contoso.com", "file_server": "fs1.corp.contoso.com"}
    assert {line.host for line in LAB.storage if line.place == "back_end"} == {hosts["back_end"]}
    assert {line.host for line in LAB.storage if line.place == "file_server"} == {hosts["file_server"]}
    assert {line.host for line in OFFICE.storage if line.shape in ("database", "folder", "disks")} == {STANDARD}


def test_disks() -> None:
    found = {(line.subject, line.disks) for line in LAB.storage if line.disks}
    assert found == {
        (SUBJECTS[row["of"]], tuple(" + ".join(files) for files in row["disks"])) for row in table("disks")
    }


def test_engines_and_neighbours() -> None:
    names = {"Group Chat": CHAT, "Compliance": COMPLIANCE}
    found = {line.name: line for line in LAB.storage if line.engines}
    engines = {names.get(row["store"], row["store"]): tuple(row["engines"]) for row in table("databases")}
    assert {name: line.engines for name, line in found.items()} == engines
    # Lines 4003, 4007 and 4011 recommend another computer than the Back-End's; 4015 and 4023 ask for one.
    apart = {**dict.fromkeys(APART, "Back-End Database (recommended)"), CHAT: "Group Chat Server"}
    apart[COMPLIANCE] = "Compliance service"
    # Line 3959: shares are on another computer than the Front End Server, as is recommended.
    on_shares = {**dict.fromkeys(shares(), "Front End (recommended)"), "Shares on a cluster": "Front End (recommended)"}
    assert {line.name: line.apart_from for line in LAB.storage if line.apart_from} == {
        name: (whom,) for name, whom in {**apart, **on_shares}.items()
    }


def test_what_may_be_left_out() -> None:
    optional = {row["folder"].partition(" (")[0] for row in table("folders") if "(optional)" in row["folder"]}
    assert {line.name for line in LAB.storage if line.optional} == {*optional, COMPLIANCE}  # line 4023: one for both


# --- sizes ------------------------------------------------------------------------------------------------------------

BOOK = USERS * MODEL["contacts_per_user"][0]


def content() -> float:
    kinds = [row for row in CAPACITY if row["printed_table"] == "meeting_content"]
    return float(sum(row["megabytes"] * row["instances"] for row in kinds))


def per_hour(component: str) -> float:
    (found,) = [row["mb_per_hour"] for row in table("growth") if row["component"] == component]
    return float(found * USERS / 100000)


def of_days(key: str, days: float) -> tuple[float, str]:
    return USERS * MODEL[key][0] * days / KB_IN_GB, "GB"


def in_a_day(key: str) -> tuple[float, str]:
    return USERS * MODEL[key][0] / KB_IN_MB, "MB"


def of_book(users: float) -> dict[tuple[str, str], tuple[float, str]]:
    contacts = users * MODEL["contacts_per_user"][0]
    database = size("database of the address book") * contacts / 100000
    return {
        ("Address Book files", "file_server"): (size("download files of the address book") * contacts / 100000, "GB"),
        ("RTCab with its log", "back_end"): (database + size("log of the database of the address book"), "GB"),
        ("Content of a meeting", "file_server"): (content(), "MB"),
    }


SIZES: dict[str, dict[tuple[str, str], tuple[float, str]]] = {
    POOL: {
        ("Databases of a large pool, about", "back_end"): (size("databases of a large pool"), "GB"),
        ("Content of the meetings that are kept", "file_server"): (content() * MEETINGS, "MB"),
        **of_book(USERS),
    },
    SUBJECTS["archiving"]: {
        ("Growth of the archiving database in a day", "database"): in_a_day("archive_kb"),
        ("Archiving database, with all the days that are kept", "database"): of_days("archive_kb", DAYS),
        ("Growth of the archiving database in an hour at peak", "database"): (per_hour("Archiving database"), "MB"),
    },
    SUBJECTS["monitoring"]: {
        ("Growth of LcsCDR in a day", "database"): in_a_day("cdr_kb"),
        ("Growth of QoEMetrics in a day", "database"): in_a_day("qoe_kb"),
        ("LcsCDR, with all the days that are kept", "database"): of_days("cdr_kb", MODEL["monitoring_days"][0]),
        ("QoEMetrics, with all the days that are kept", "database"): of_days("qoe_kb", MODEL["monitoring_days"][0]),
        ("Growth of LcsCDR in an hour at peak", "database"): (per_hour("Monitoring database CDR"), "MB"),
        ("Growth of QoEMetrics in an hour at peak", "database"): (per_hour("Monitoring database QoE"), "MB"),
        ("Free space for tempdb on a disk of its own, for reports", "database"): (size("space for tempdb"), "GB"),
    },
}


def sizes_of(lines: t.Iterable[StorageLine]) -> dict[tuple[str, str, str], tuple[float, str]]:
    return {(line.subject, line.name, line.place): (line.amount, line.unit) for line in lines if line.shape == "size"}


def test_sizes() -> None:
    expected = {
        (subject, name, place): (round(amount, 2), unit)
        for subject, sizes in SIZES.items()
        for (name, place), (amount, unit) in sizes.items()
    }
    assert sizes_of(LAB.storage) == expected


def test_sizes_of_a_standard_edition_server() -> None:
    expected = {(STANDARD, *key): (round(amount, 2), unit) for key, (amount, unit) in of_book(OFFICE_USERS).items()}
    expected[STANDARD, "Content of the meetings that are kept", "file_server"] = (0, "MB")
    assert sizes_of(OFFICE.storage) == expected


def test_what_the_figures_are_given_for() -> None:
    """Printed for 100,000 users, endpoints or contacts, or worked out from kilobytes."""
    found = {fact.name: fact.load_unit for fact in loader.load("ocs2007r2").facts(StorageFact) if fact.load_unit != 1}
    (contacts,) = {row["per"] for row in table("sizes") if "per" in row}
    # The QoE figure is printed for 100 endpoints (erratum.qoe-growth-endpoints).
    assert {row["per_endpoints"] for row in table("growth")} == {contacts, 100}
    in_gb = {name for name in found if "all the days" in name}
    in_mb = {name for name in found if name.endswith("in a day")}
    assert len(in_gb) == len(in_mb) == 3
    expected = {**dict.fromkeys(found, contacts), **dict.fromkeys(in_gb, KB_IN_GB), **dict.fromkeys(in_mb, KB_IN_MB)}
    assert found == expected
    drives = [name for name in found if name.startswith("Drive")]
    assert len(found) == len(in_gb) + len(in_mb) + len(table("growth")) + len(drives) + 2  # both of the address book


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("Archiving database, with all the days that are kept", "GB of 15 days of archiving for 50000 users"),
        ("LcsCDR, with all the days that are kept", "GB of 60 days of CDR for 50000 users"),
    ],
)
def test_the_printed_examples(name: str, subject: str) -> None:
    (found,) = [line.amount for line in LAB.storage if line.name == name]
    assert round(found) == value(subject)


def test_drives_belong_to_the_servers_of_their_databases() -> None:
    on = {
        "Drive of a pool's database files": (POOL, "back_end"),
        "Drive of the log of RTC": (POOL, "back_end"),
        "Drive of the log of RTCDyn": (POOL, "back_end"),
        "Drive of the archiving log": (SUBJECTS["archiving"], "database"),
        "Drive of the archiving data": (SUBJECTS["archiving"], "database"),
        "Drive of the monitoring databases and logs": (SUBJECTS["monitoring"], "database"),
    }
    assert {line.name: (line.subject, line.place) for line in LAB.storage if line.shape == "throughput"} == on
    facts = {fact.name: fact for fact in loader.load("ocs2007r2").facts(StorageFact) if fact.shape == "throughput"}
    for name, row in zip(on, table("disk"), strict=True):
        fact = facts[name]
        assert (fact.read_bytes, fact.write_bytes) == (row["read_bytes"], row["write_bytes"])
        assert (fact.reads, fact.writes) == (row["reads_per_second"], row["writes_per_second"])


# --- what is not planned ----------------------------------------------------------------------------------------------


def test_what_goes_with_features_and_applications() -> None:
    bare = printed.planned(
        "lab", {**ESTATE, "uc_features": ["im_presence"], f"uc_pools/{POOL}/applications": []}
    ).storage
    gone = {line.name for line in LAB.storage} - {line.name for line in bare}
    assert gone == {
        "ACDDyn",
        "Content of a meeting",
        "Content of the meetings that are kept",
        "Disks of meeting content",
    }


# --- Lync Server 2010 -------------------------------------------------------------------------------------------------


def test_shares_of_the_poster() -> None:
    """Lines 54 and 432: a share for address book and Group Chat, and one for what meetings leave."""
    found = keys(printed.planned("lync2010").storage)
    names = ("Address book and Group Chat files", "Meeting content")
    pools = {"pool1.corp.contoso.com": "file_server", "se1.corp.contoso.com": "own"}
    assert found == sorted(Key(pool, "share", name, place) for pool, place in pools.items() for name in names)
