# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of certificates share: the folder of keys on the controller, and what is for a host."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

from .slices import Arguments, SliceAction, Variables, estate_dir, read_slice, staged

FOLDER = "pki"
# Slices of this name are for all three modules: what is asked for is issued, and installed.
MECHANISM = "certificate_request"


class CertificateAction(SliceAction):
    """An action of one of the modules of certificates."""

    mechanism = MECHANISM

    def pki_folder(self, given: object, variables: Variables) -> str | None:
        """Keys and certificates are kept beside the plan, and never in it."""
        if given:
            return os.path.abspath(os.path.expanduser(str(given)))
        estate = estate_dir(self._templar, variables)
        return str(estate / FOLDER) if estate else None

    def slices(self, paths: t.Iterable[str], stages: t.Sequence[str] | None) -> list[Arguments]:
        """Several slices. A plan without such certificates has no such slice."""
        there = [path for path in paths if Path(os.path.expanduser(path)).exists()]
        return [staged(read_slice(path, self.mechanism), stages) for path in there]
