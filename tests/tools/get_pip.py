# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand in for get-pip.py in the virtual environments of ansible-test; see sanity.sh."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: ensurepip turns pip's configuration off for the process it runs in.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
# get-pip's own switches, which `pip install` does not know.
arguments = [argument for argument in sys.argv[1:] if argument not in {"--no-setuptools", "--no-wheel"}]
sys.exit(subprocess.run([sys.executable, "-m", "pip", "install", *arguments], check=False).returncode)
