#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Does what we ship work without the checkout? Build the tarball, install it into an empty place, and let Ansible
# read each playbook from there.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tests/tools/build.sh "$work/dist"

# From an empty folder and without our ansible.cfg, so that nothing is found in the checkout by accident.
cd "$work"
unset ANSIBLE_CONFIG
export ANSIBLE_COLLECTIONS_PATH="$work/collections"
ansible-galaxy collection install dist/*.tar.gz --offline --collections-path "$work/collections"
playbooks=("$work"/collections/ansible_collections/openuc/ocs/playbooks/[a-z]*.yml)
for playbook in "${playbooks[@]}"; do
    ansible-playbook "openuc.ocs.$(basename "$playbook" .yml)" --syntax-check -i localhost,
done

# And it plans an example from there.
cp -R collections/ansible_collections/openuc/ocs/inventories/standard mine
ansible-playbook openuc.ocs.plan -i mine
test -s mine.estate/intended/plan.json
