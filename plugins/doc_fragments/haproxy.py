# Copyright: the OpenUC contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of modules that give HAProxy a file of ours."""

from __future__ import annotations


class ModuleDocFragment:
    """What `load_balancer` and `publications` have in common."""

    DOCUMENTATION = r"""
requirements:
  - HAProxy 2.6 or newer
options:
  main_config:
    description: The administrator's file, which is loaded before ours. It is only read.
    type: path
    default: /etc/haproxy/haproxy.cfg
  service_manager:
    description:
      - What starts HAProxy. V(auto) is V(systemd) where that runs, and V(sysvinit) otherwise.
      - With V(command), O(reload_command) loads HAProxy anew, and starting things at boot is yours.
    type: str
    choices: [auto, systemd, sysvinit, command]
    default: auto
  reload_command:
    description: Command that has HAProxy load both files anew.
    type: list
    elements: str
    default: []
  reload_timeout:
    description: Seconds within which HAProxy has to run with the new file.
    type: int
    default: 30
notes:
  - Under systemd the first run restarts HAProxy, since its master process keeps the arguments that it was started with.
    Later runs reload it. Only the path without systemd is exercised by the tests.
"""
