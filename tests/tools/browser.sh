#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run the tests of pages in Debian's chromium, which is installed when it is missing: browser.sh [PYTEST ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v chromium >/dev/null; then
    command -v apt-get >/dev/null || { echo "browser: chromium is missing, and this is no Debian: install it" >&2; exit 1; }
    [ "$(id -u)" -eq 0 ] || { echo "browser: chromium is missing; install it, or run this as root" >&2; exit 1; }
    echo "browser: installing chromium"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
fi
PYTHON=${PYTHON:-python3} tests/tools/setup.sh requirements-browser.txt
exec .venv/bin/pytest "$@" tests/browser
