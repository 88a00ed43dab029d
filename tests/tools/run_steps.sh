#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run make targets one after another, all of them even when one fails: run_steps.sh TARGET...
# Ends with one line a target and 'N passed, N failed'; the exit code tells whether all passed.
set -uo pipefail
cd "$(dirname "$0")/../.."

passed=0
failed=0
summary=()
for step in "$@"; do
    echo
    echo "=== $step"
    start=$SECONDS
    if make --no-print-directory "$step"; then
        result=ok
        passed=$((passed + 1))
    else
        result=FAILED
        failed=$((failed + 1))
    fi
    summary+=("$(printf '%-7s %-13s %4d s' "$result" "$step" "$((SECONDS - start))")")
done

echo
printf '%s\n' "${summary[@]}"
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
