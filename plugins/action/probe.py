# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands the probes that a plan expects of a host to the module, and keeps what came of them on the controller."""

from __future__ import annotations

import typing as t

from ..plugin_utils.acting.observing import ObservingAction
from ..plugin_utils.acting.slices import Arguments


class ActionModule(ObservingAction):
    """The `probe` action."""

    mechanism = "probe"
    listed = "probes"
    results = "results"
    everything: t.ClassVar[Arguments] = {"most_shown": 10**6}
