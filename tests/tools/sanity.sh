#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity, without Docker and without any download but from the Python package index.
#
# ansible-test refuses a symlink and wants .../ansible_collections/openuc/ocs to be a git tree, so it gets a real copy.
# For its own virtual environments it fetches a get-pip script from a web site, unless one lies in its cache: we put
# one there for the time of the run that uses Python's own ensurepip.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=$HOME/.ansible/test/cache
get_pip=$cache/get_pip_24_2.py # the name ansible-test of ansible-core 2.19 looks for
work=$(mktemp -d)
tree=$work/ansible_collections/openuc/ocs
our_get_pip=no

clean_up() {
    rm -rf "$work"
    [ "$our_get_pip" = no ] || rm -f "$get_pip"
}
trap clean_up EXIT

mkdir -p "$cache" "$tree"
# One run at a time: another one must not take the get-pip script away from us.
exec 9>"$cache/openuc.lock"
flock 9
if [ ! -e "$get_pip" ]; then
    our_get_pip=yes
    cp tests/tools/get_pip.py "$get_pip"
fi

python tests/tools/export_tree.py "$tree"
# No code but planned files, those of old Windows with the line ends that it reads.
rm -rf "$tree/tests/golden"
git -C "$tree" init --quiet

cd "$tree"
python_version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# shellcheck and pslint need programs from outside the Python package index.
ansible-test sanity --color no --python "$python_version" --skip-test shellcheck --skip-test pslint "$@"
