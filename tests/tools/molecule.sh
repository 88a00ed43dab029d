#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs scenarios of molecule/: molecule.sh SCENARIO... One of a server type has a lab of the first example that has such
# servers, all others one of the first example.
# `servers` stands for those of all server types. A lab is shared by all scenarios that need it, and gone afterwards.
# As root.
set -euo pipefail
cd "$(dirname "$0")/../.."

examples=(lab ocs2007 lync2010 departments)
name=m$(($$ % 10000000))
clean_up() {
    tests/lab/lab --name "$name" down >/dev/null
}
trap clean_up EXIT

is_of_servers() { # SCENARIO
    grep -q shared/server "molecule/$1/molecule.yml"
}

scenarios=()
for asked in "$@"; do
    case $asked in
        servers)
            for found in molecule/*/molecule.yml; do
                found=$(basename "$(dirname "$found")")
                ! is_of_servers "$found" || scenarios+=("$found")
            done
            ;;
        *) scenarios+=("$asked") ;;
    esac
done

example_of() { # SCENARIO
    for example in "${examples[@]}"; do
        if ! is_of_servers "$1" || grep -q "^    $1:" "inventories/$example/hosts.yml"; then
            echo "$example"
            return
        fi
    done
    echo "no example has servers of the group $1: ${examples[*]}" >&2
    return 1
}

passed=0
for OPENUC_EXAMPLE in "${examples[@]}"; do
    here=()
    for scenario in "${scenarios[@]}"; do
        example=$(example_of "$scenario")
        [ "$example" != "$OPENUC_EXAMPLE" ] || here+=("$scenario")
    done
    [ ${#here[@]} -gt 0 ] || continue
    tests/lab/lab --name "$name" up "inventories/$OPENUC_EXAMPLE" --closed
    export OPENUC_EXAMPLE OPENUC_LAB=/run/openuc-lab/$name
    for scenario in "${here[@]}"; do
        echo "--- molecule: $scenario, on a lab of inventories/$OPENUC_EXAMPLE"
        # What molecule remembers of a scenario goes with the lab: else it would not prepare the next lab, nor tell
        # apart two checkouts whose folders have the same name.
        MOLECULE_EPHEMERAL_DIRECTORY=$OPENUC_LAB/scenarios/$scenario \
            nsenter --net="/run/netns/openuc-$name-controller" \
                molecule --base-config molecule/config.yml test --scenario-name "$scenario"
        passed=$((passed + 1))
    done
    clean_up
done
echo "$passed scenarios of molecule passed"
