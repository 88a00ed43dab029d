#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the scenarios of molecule/, all of them or those named, on a lab of their own that is gone afterwards. As root.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=m$(($$ % 10000000))
clean_up() {
    tests/lab/lab --name "$name" down >/dev/null
}
trap clean_up EXIT

scenarios=("$@")
if [ ${#scenarios[@]} -eq 0 ]; then
    for found in molecule/*/molecule.yml; do
        scenarios+=("$(basename "$(dirname "$found")")")
    done
fi

tests/lab/lab --name "$name" up inventories/lab --closed
export OPENUC_LAB=/run/openuc-lab/$name
for scenario in "${scenarios[@]}"; do
    echo "--- molecule: $scenario"
    nsenter --net="/run/netns/openuc-$name-controller" \
        molecule --base-config molecule/config.yml test --scenario-name "$scenario"
done
