# SPDX-License-Identifier: GPL-3.0-or-later
"""The printed user model, and other printed figures about users and servers."""

from __future__ import annotations

import math

from tests.documents import printed

ROWS = printed.rows("ocs2007r2/capacity")


def row(subject: str, table: str = "") -> printed.Row:
    """A printed row by its subject."""
    (found,) = [row for row in ROWS if row.get("subject") == subject and table in ("", row["printed_table"])]
    return found


def value(subject: str, table: str = "") -> float:
    return float(row(subject, table)["value"])


def each(subject: str) -> float:
    """Users of a server, of those that several together take."""
    found = row(subject)
    return float(found["users"] / found["servers"])


def meetings(kind: str) -> float:
    """Percentage of the meetings that have a medium."""
    return float(sum(row["value"] for row in ROWS if row["printed_table"] == "meeting_kinds" and row[kind]))


MODEL: dict[str, tuple[float, str]] = {
    "remote_users": (value("users connected through an Edge Server"), "percent"),
    "im_sessions_per_hour": (value("IM sessions of a user in an hour"), "number"),
    "messages_per_session": (value("messages of a session"), "number"),
    "conference_users": (value("users in conferences during working hours"), "percent"),
    "audio_conferences": (meetings("voip"), "percent"),
    "video_conferences": (meetings("video"), "percent"),
    "sharing_conferences": (meetings("sharing"), "percent"),
    "outside_participants": (100 - value("internal participants"), "percent"),
    "psom_sharing": (value("application sharing of scheduled meetings by PSOM"), "percent"),
    "web_desktop_sharing": (value("web access users who share desktops at a time"), "percent"),
    "voice_users": (value("voice users in 100000") * 100 / 100000, "percent"),
    "mobile_users": (value("voice users with mobile devices"), "percent"),
    "users_per_port": (value("users of a port with moderate use"), "number"),
    "contacts_per_user": (value("contacts of a user"), "number"),
    "archive_kb": (value("archiving database by user and day in KB"), "number"),
    "cdr_kb": (value("CDR database by user and day in KB"), "number"),
    "qoe_kb": (value("QoE database by user and day in KB"), "number"),
    "monitoring_days": (value("days kept by default in the monitoring databases"), "number"),
    # No document prints a figure: ours, or none until the inventory gives one.
    "group_chat_users": (100, "percent"),
    "large_chat_rooms": (0, "percent"),
    **dict.fromkeys(
        ("archive_days", "meetings_kept", "formal_agents", "informal_agents", "response_groups", "hunt_groups"),
        (0.0, "number"),
    ),
    **dict.fromkeys(("response_group_calls", "largest_chat_room", "chat_messages"), (0.0, "number")),
}


def share(*keys: str) -> float:
    """A share of the users, by figures of the printed user model."""
    return math.prod(MODEL[key][0] / 100 for key in keys)
