#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run each Python script of a folder, in order of their names: run_scripts.sh FOLDER
# The hook behind `make docs` and `make bench`: to add one, add a file.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$1
export PYTHONPATH="$PWD:$PWD/.build/collections"
shopt -s nullglob
scripts=("$folder"/[a-z]*.py)
if [ "${#scripts[@]}" -eq 0 ]; then
    echo "$folder holds no scripts yet: nothing to do"
fi
for script in "${scripts[@]}"; do
    echo "$script"
    python "$script"
done
