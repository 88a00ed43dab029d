#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# How a lab host starts: sshd, then all its services at once. Tells the lab through descriptor 3 how it went.
boot=/etc/openuc-lab
log=/var/log/openuc-lab
done=/var/lib/openuc-lab
failed=/run/openuc-lab-failed

mkdir -p "$log" "$done" /run/sshd /run/lock
for setting in "$boot"/sysctl/*; do
    [ -e "$setting" ] || continue
    while read -r key value; do echo "$value" >"/proc/sys/$key"; done <"$setting"
done
if [ -e "$boot/sshd_config" ]; then
    /usr/sbin/sshd -f "$boot/sshd_config" -E "$log/sshd.log" 3>&- || echo sshd >>"$failed"
fi

start_service() {
    service=$(basename "$1")
    if [ -e "$1/prepare" ] && [ ! -e "$done/$service" ]; then
        sh -eu "$1/prepare" || return 1
        : >"$done/$service"
    fi
    [ ! -e "$1/start" ] || sh -eu "$1/start"
}

for folder in "$boot"/services/*/; do
    [ -d "$folder" ] || continue
    (start_service "$folder" || basename "$folder" >>"$failed") >>"$log/$(basename "$folder").log" 2>&1 3>&- </dev/null &
done
wait
if [ -e "$failed" ]; then
    echo "failed $(tr '\n' ' ' <"$failed")" >&3
else
    echo ready >&3
fi
exec sleep infinity 3>&-
