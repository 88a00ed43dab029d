# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hands the marks that a host is to follow to the module, and keeps what became of them on the controller."""

from __future__ import annotations

from ..plugin_utils.acting.observing import ObservingAction


class ActionModule(ObservingAction):
    """The `trace_marks` action."""

    mechanism = "trace_marks"
    listed = "traces"
    results = "traces"
