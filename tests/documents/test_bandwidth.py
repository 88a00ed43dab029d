# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed bandwidth of clients, media and links, beside every line that is planned for the lab."""

from __future__ import annotations

import typing as t

from ansible_collections.openuc.ocs.plugins.plugin_utils.planning.bandwidth import BandwidthLine
from tests.documents import printed
from tests.documents.user_model import ROWS as CAPACITY
from tests.documents.user_model import share

ROWS = printed.rows("ocs2007r2/bandwidth")
CODECS = [row for row in printed.rows("ocs2007r2/qos") if row["printed_table"] == "bandwidth"]
DIFFERENCES = {
    2505: "erratum.gateway-call-bandwidth",
    8722: "erratum.gateway-call-bandwidth",
    2609: "erratum.stream-provisioning",
}
POOL, GATEWAY, SITE = "pool1.corp.contoso.com", "gw1.corp.contoso.com", "redmond"
# Users of the pool, of its site, and of the estate, which has another pool with a few; ports of the gateway.
USERS, AT_SITE, IN_ALL, PORTS = 10000, 9000, 10500, 240
ESTATE = {
    f"@{GATEWAY}/uc_gateway_ports": PORTS,
    f"uc_sites/{SITE}/users": AT_SITE,
    "uc_pools/dirpool.corp.contoso.com/users": IN_ALL - USERS,
}
PLANNED = printed.planned("lab", ESTATE)


class Need(t.NamedTuple):
    """What is compared of a line: how many sessions there are, and what each takes."""

    use: str
    sessions: float
    each: float
    unit: str = "kbit/s"


def value(subject: str) -> float:
    (found,) = [row for row in ROWS if row.get("subject") == subject]
    return float(found["value"])


def test_every_noted_row_is_an_erratum() -> None:
    assert {row["line"] for row in ROWS if "note" in row} == set(DIFFERENCES)
    for line, erratum in DIFFERENCES.items():
        assert printed.explains("ocs2007r2", erratum, "guide-r2", line), (line, erratum)


def compared(lines: t.Iterable[BandwidthLine]) -> dict[tuple[str, str], Need]:
    return {(line.subject, line.figure): Need(line.use, line.sessions, line.each, line.unit) for line in lines}


# --- clients ----------------------------------------------------------------------------------------------------------

PRODUCTS = {
    "communicator": "Communicator",
    "attendant": "Attendant",
    "live_meeting": "Live Meeting",
    "group_chat": "Group Chat",
}
KINDS = {"CIF": "CIF video", "VGA": "VGA video", "HD": "high-definition video"}


def of_client(row: printed.Row) -> dict[str, tuple[str, float]]:
    """Figures of a printed row. What adds up to the least is planned; of other video the least stands in the words."""
    product, use = PRODUCTS[row["product"]], row["use"]
    least: float = row["minimum"]
    good: t.Any = row.get("high_quality", least)
    if use == "data":
        assert good == least  # nothing more is planned for quality
        return {f"{product}, data": ("minimum", least)}
    if use == "voice":
        return {f"{product}, voice": ("minimum", least), f"{product}, good voice": ("high_quality", good)}
    if isinstance(good, dict):
        kinds = {f"{product}, {KINDS[kind]}": ("high_quality", figure) for kind, figure in good.items()}
        return {f"{product}, {use}": ("minimum", least), **kinds}
    return {f"{product}, {use}, {least} at the least": ("high_quality", good)}


def test_clients() -> None:
    expected = {
        (row["product"], figure): Need(use, 1, each)
        for row in ROWS
        if row["printed_table"] == "clients"
        for figure, (use, each) in of_client(row).items()
    }
    found = {
        (line.client, line.figure): Need(line.use, line.sessions, line.each, line.unit)
        for line in PLANNED.bandwidth
        if line.subject == "hq"
    }
    assert found == expected


# --- links ------------------------------------------------------------------------------------------------------------


def of_site() -> dict[str, Need]:
    audio = AT_SITE * share("conference_users", "audio_conferences")
    video = AT_SITE * share("conference_users", "video_conferences")
    streams = value("streams of a session in both directions")
    needs = {
        "Audio of conferences and calls": Need("provision", audio, value("audio stream") * streams),
        "Video of conferences and calls": Need("provision", video, value("video stream") * streams),
    }
    for row in CODECS:
        sessions, seen = (video, "seen") if row["codec"] == "RTVideo" else (audio, "heard")
        figure = f"{row['media'].capitalize()} with {row['codec']}"
        needs[f"{figure}, as {seen}"] = Need("average", sessions, row["average_kbps"])
        needs[f"{figure}, at most"] = Need("maximum", sessions, row["maximum_kbps"])
    return needs


def narrowband() -> float:
    (found,) = [row for row in CODECS if row["media"] == "Narrowband Audio"]
    return float(found["average_kbps"])


def content() -> float:
    """Megabytes of a meeting: all the kinds of content, as often as they are printed."""
    kinds = [row for row in CAPACITY if row["printed_table"] == "meeting_content"]
    return float(sum(row["megabytes"] * row["instances"] for row in kinds))


SHARING = "Application sharing through the Web Conferencing Server, "
LINKS: dict[str, dict[str, Need]] = {
    SITE: of_site(),
    GATEWAY: {
        "Calls between gateway and Mediation Server": Need(
            "provision", PORTS, value("call between a basic gateway and the Mediation Server")
        ),
        "Narrowband audio where the gateway does not detect voice activity": Need(
            "average",
            PORTS,
            round(
                narrowband() * (1 + value("narrowband audio more where the gateway detects no voice activity") / 100),
                2,
            ),
        ),
    },
    POOL: {
        f"{SHARING}received by those who look on": Need(
            "average",
            USERS * share("conference_users", "sharing_conferences", "psom_sharing"),
            value("received by one who looks on"),
        ),
        f"{SHARING}sent by one who shares": Need("average", 1, value("sent by one who shares")),
        "Meeting content that a participant downloads from the web components": Need(
            "maximum", 1, content(), "MB/meeting"
        ),
    },
    "estate": {
        "Mobile clients, a working day of eight hours": Need(
            "average",
            IN_ALL * share("voice_users", "mobile_users"),
            value("mobile access in a working day of eight hours"),
            "MB/day",
        ),
    },
}


def test_links() -> None:
    expected = {
        (subject, figure): need._replace(sessions=round(need.sessions, 2))
        for subject, figures in LINKS.items()
        for figure, need in figures.items()
    }
    assert compared(line for line in PLANNED.bandwidth if line.subject != "hq") == expected
    for line in PLANNED.bandwidth:
        assert abs(line.total - line.sessions * line.each) <= 0.005 * max(1, line.sessions)  # `each` is rounded


def without(*features: str) -> set[str]:
    """Figures of the lab that are not planned without some features."""
    kept = [feature for feature in ("im_presence", *MEDIA) if feature not in features]
    lines = printed.planned("lab", {**ESTATE, "uc_features": kept}).bandwidth
    return {line.figure for line in PLANNED.bandwidth} - {line.figure for line in lines}


MEDIA = ("web_conferencing", "av_conferencing", "application_sharing")


def test_media_are_planned_where_there_is_their_feature() -> None:
    of_communicator = {figure for row in ROWS if row.get("product") == "communicator" for figure in of_client(row)}
    of_live_meeting = {figure for row in ROWS if row.get("product") == "live_meeting" for figure in of_client(row)}
    assert without() == set()
    assert without("av_conferencing") == of_communicator - {"Communicator, data"} | set(LINKS[SITE])
    assert without("application_sharing") == {figure for figure in LINKS[POOL] if figure.startswith(SHARING)}
    assert without("web_conferencing") == of_live_meeting | {
        "Meeting content that a participant downloads from the web components"
    }
