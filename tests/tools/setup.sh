#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Make .venv if need be, and install one requirement file into it: setup.sh REQUIREMENTS
# Needs Python 3.11 or newer ($PYTHON, default python3). Make calls this only when the file is newer than its stamp.
set -euo pipefail
cd "$(dirname "$0")/../.."

requirements=$1
python=${PYTHON:-python3}

die() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: $*. Run it as root (or install sudo), then run make again."
    fi
}

# Debian keeps venv's other half, ensurepip, in a package of its own.
install_venv_module() {
    command -v apt-get >/dev/null || die "$python has no ensurepip, and this is not a Debian system: install Python's venv support."
    echo "setup: $python has no ensurepip; installing Debian's python3-venv"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv
    "$python" -c 'import ensurepip' 2>/dev/null || die "$python still has no ensurepip; is it Debian's own python3?"
}

command -v "$python" >/dev/null || die "$python not found"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || die "$("$python" -V) is too old, 3.11 or newer is needed. Choose another with: make PYTHON=python3.12 ..."

# A .venv without pip is one that was interrupted, or whose checkout was moved.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip' 2>/dev/null || install_venv_module
    echo "setup: making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv
fi

echo "setup: installing $requirements into .venv"
# Both files together, so that the second cannot move a version that the first asks for.
.venv/bin/python -m pip install -qq --disable-pip-version-check -r requirements.txt -r "$requirements"
