#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Run make targets one after another, all of them even when one fails: run_steps.sh TARGET...
# TARGET+TARGET runs these beside one another, and shows what each has said once all of them are done.
# Ends with one line a target and 'N passed, N failed'; the exit code tells whether all passed.
set -uo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What runs beside others is a process group each, and hears of Ctrl-C from here.
groups=()
stop() {
    for group in "${groups[@]}"; do
        kill -TERM -- "-$group" 2>/dev/null
    done
    wait
    exit 130
}
trap stop INT TERM

run() { # TARGET
    local start=$SECONDS result=ok
    make --no-print-directory "$1" || result=FAILED
    printf '%-7s %-13s %4d s\n' "$result" "$1" "$((SECONDS - start))" >"$work/$1.result"
}

for steps in "$@"; do
    IFS=+ read -ra beside <<<"$steps"
    if [ "${#beside[@]}" -eq 1 ]; then
        echo
        echo "=== $steps"
        run "$steps"
        continue
    fi
    set -m
    for step in "${beside[@]}"; do
        run "$step" >"$work/$step.said" 2>&1 </dev/null &
        groups+=($!)
    done
    set +m
    wait
    groups=()
    for step in "${beside[@]}"; do
        echo
        echo "=== $step"
        cat "$work/$step.said"
    done
done

echo
for steps in "$@"; do
    IFS=+ read -ra beside <<<"$steps"
    for step in "${beside[@]}"; do
        cat "$work/$step.result"
    done
done >"$work/summary"
cat "$work/summary"
echo
failed=$(grep -c '^FAILED' "$work/summary")
echo "$(grep -c '^ok' "$work/summary") passed, $failed failed"
[ "$failed" -eq 0 ]
