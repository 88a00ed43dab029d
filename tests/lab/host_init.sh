#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The first process of a lab host: give it a root of its own, then start it. host_init.sh FOLDER NAME
# It runs in new mount, process, UTS and IPC namespaces, so nothing it mounts is seen outside, and all of it goes when
# the host's last process ends.
# What stands for its input is the way to tell how it went; it is handed on as descriptor 3.
set -eu
exec 3>&0 </dev/null
folder=$1
name=$2
root=$folder/root

hostname "$name"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"

# Of the machine's processes, settings and devices a host sees next to nothing. Settings of the network are its own.
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind /dev/null "$root/proc/sysrq-trigger"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

# A host has no homes, no sockets and no left-overs of the machine.
mount -t tmpfs -o mode=755,nosuid,nodev run "$root/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$root/tmp"
mount -t tmpfs -o mode=700,nosuid,nodev home "$root/root"
mount -t tmpfs -o mode=755,nosuid,nodev home "$root/home"

cd "$root"
pivot_root . .
umount -l .
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
    tini -- /bin/sh /etc/openuc-lab/boot
