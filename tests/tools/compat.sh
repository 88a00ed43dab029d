#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Load and plan every example inventory under newer ansible-core releases than the one in .venv.
# Each release needs a newer Python, which not every machine has: without it, the release is skipped and said to be.
set -euo pipefail
cd "$(dirname "$0")/../.."

find_python() { # VERSION: prints the path of a Python that really runs
    local candidate
    for candidate in "$(command -v "python$1")" "$HOME"/.pyenv/versions/"$1".*/bin/python"$1"; do
        if [ -n "$candidate" ] && "$candidate" -c 'import ensurepip' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() { # PYTHON CORE FOLDER: an environment like .venv, but for ansible-core
    local python=$1 core=$2 venv=$3
    if [ "$venv/.stamp" -nt requirements.txt ]; then
        return 0
    fi
    "$python" -m venv --clear "$venv"
    grep -v '^ansible-core' requirements.txt >"$venv/requirements.txt"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check "ansible-core~=$core.0" -r "$venv/requirements.txt"
    touch "$venv/.stamp"
}

try_core() { # CORE PYTHON_VERSION
    local core=$1 version=$2 python venv inventory hosts
    if ! python=$(find_python "$version"); then
        echo "ansible-core $core: skipped, no Python $version on this machine"
        return 0
    fi
    venv=.build/core-$core
    make_venv "$python" "$core" "$venv"
    "$venv/bin/ansible-playbook" --version | sed -n 1p
    for hosts in "$work"/inventories/*/hosts.yml; do
        inventory=$(dirname "$hosts")
        echo "ansible-core $core: $(basename "$inventory")"
        "$venv/bin/ansible-inventory" -i "$inventory" --list >/dev/null
        "$venv/bin/ansible-playbook" openuc.ocs.plan -i "$inventory"
    done
}

# A copy: planning writes beside the inventory.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R inventories "$work/"
try_core 2.20 3.12
try_core 2.21 3.13
