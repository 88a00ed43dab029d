# SPDX-License-Identifier: GPL-3.0-or-later
"""The image to deploy from is described so that ansible-builder can build it; building needs a container engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import ROOT


def test_the_description_of_the_image_is_sound(tmp_path: Path) -> None:
    builder = str(Path(sys.executable).parent / "ansible-builder")
    description = str(ROOT / "execution-environment.yml")
    command = [builder, "create", "--file", description, "--context", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    image = "".join(path.read_text() for path in tmp_path.glob("*file"))
    assert "ansible-core>=2.19" in image
    needed = (ROOT / "requirements.txt").read_text().splitlines()
    asked = (tmp_path / "_build" / "requirements.txt").read_text().splitlines()
    assert [line for line in needed if line and not line.startswith("#")] == [
        line for line in asked if line and not line.startswith("#")
    ]
    assert "openuc.ocs" in (tmp_path / "_build" / "requirements.yml").read_text()
