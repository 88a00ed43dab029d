#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Build the collection's tarball from a clean copy of the tree: build.sh OUTPUT_FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."

output=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

python tests/tools/export_tree.py "$tree"
ansible-galaxy collection build "$tree" --output-path "$output" --force
