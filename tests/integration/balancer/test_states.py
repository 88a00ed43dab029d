# SPDX-License-Identifier: GPL-3.0-or-later
"""The module itself: what it says before, what it does, what it leaves alone, and the way back."""

from __future__ import annotations

import json
import subprocess

from ansible_collections.openuc.ocs.plugins.module_utils.balancer import text
from ansible_collections.openuc.ocs.plugins.module_utils.balancer.model import decode
from tests.integration.balancer.conftest import HELD, PORT, SERVICE, SNAT, VIP, Balancer
from tests.integration.balancer.ends import MEMBER, End, until
from tests.lab import machine
from tests.support import ROOT

Members = dict[str, End]
AT = f"{VIP} {PORT}"
SLICES = ROOT / "tests/golden/lab/intended/slices/load_balancer"
OWN, MAIN = "/etc/haproxy/openuc.cfg", "/etc/haproxy/haproxy.cfg"


def test_check_apply_apply_check_with_the_whole_slice_of_a_plan(balancer: Balancer) -> None:
    arguments = {"slice": str(SLICES / f"{balancer.host}.json")}
    planned = json.loads((SLICES / f"{balancer.host}.json").read_text())
    before = balancer.on("find", "/etc", "/var/lib", "-newer", "/etc/haproxy/haproxy.cfg").stdout
    predicted = balancer.module("load_balancer", arguments, "--check", "--diff")
    assert balancer.on("find", "/etc", "/var/lib", "-newer", "/etc/haproxy/haproxy.cfg").stdout == before
    applied = balancer.module("load_balancer", arguments)
    assert predicted["changed"]
    assert applied["operations"] == predicted["operations"]
    names = {operation["name"] for operation in applied["operations"]}
    assert {f"service {each['protocol']}/{each['vip']}:{each['port']}" for each in planned["services"]} <= names
    assert {f"address {each['address']}" for each in planned["addresses"]} <= names
    for options in ([], ["--check"]):
        again = balancer.module("load_balancer", arguments, *options)
        assert (again["changed"], again["operations"], again["undo_id"]) == (False, [], "")


def test_only_stages_that_were_reached_are_served(balancer: Balancer) -> None:
    arguments = {"slice": str(SLICES / f"{balancer.host}.json"), "stages": ["first_pool"]}
    assert balancer.module("load_balancer", arguments)["changed"]
    gathered = balancer.module("load_balancer", {"state": "gathered"})["gathered"]
    assert {service["stage"] for service in gathered["services"]} == {"first_pool"}


def test_what_is_gathered_is_valid_input_and_changes_nothing(balancer: Balancer) -> None:
    balancer.balance(SERVICE, {**SERVICE, "port": "7002", "affinity": "source", "idle_reset": False})
    gathered = balancer.module("load_balancer", {"state": "gathered"})["gathered"]
    assert [service["port"] for service in gathered["services"]] == ["7000", "7002"]
    assert not balancer.module("load_balancer", {"state": "overridden", **gathered})["changed"]


def test_states_add_change_and_remove_what_they_say(balancer: Balancer) -> None:
    second = {**SERVICE, "port": "7002"}
    balancer.balance(SERVICE, second)
    assert not balancer.balance(SERVICE, state="replaced")["changed"]
    only_first = [{"name": "fe1", "address": "10.20.0.11"}]
    assert not balancer.balance({**SERVICE, "members": only_first}, state="merged")["changed"]
    changed = balancer.balance({**SERVICE, "members": only_first}, state="replaced")
    assert [(each["action"], each["name"]) for each in changed["operations"]] == [("change", f"service tcp/{VIP}:7000")]
    removed = balancer.balance(second, state="deleted", addresses=[])
    assert [(each["action"], each["name"]) for each in removed["operations"]] == [("remove", f"service tcp/{VIP}:7002")]
    gathered = balancer.module("load_balancer", {"state": "gathered"})
    assert [service["members"] for service in gathered["gathered"]["services"]] == [only_first]
    assert gathered["foreign"] == ["lab_idle"]


def test_everything_of_ours_goes_and_nothing_else(balancer: Balancer) -> None:
    before = _files(balancer)
    balancer.on("ip", "address", "add", "10.20.0.232/32", "dev", "lan")
    foreign = [*HELD, {"address": "10.20.0.232", "interface": "lan"}]
    balancer.balance(SERVICE, addresses=foreign)
    done = balancer.module("load_balancer", {"state": "deleted"})
    assert done["changed"]
    addresses = balancer.on("ip", "-brief", "address", "show", "lan").stdout
    balancer.on("ip", "address", "del", "10.20.0.232/32", "dev", "lan")
    assert "10.20.0.232/32" in addresses
    assert VIP not in addresses
    assert SNAT not in addresses
    assert _files(balancer) == before
    assert not balancer.module("load_balancer", {"state": "deleted"})["changed"]


def _files(balancer: Balancer) -> str:
    listed = "for path in /etc/haproxy/* /etc/default/haproxy /etc/openuc/* /etc/init.d/openuc*; do md5sum $path; done"
    return balancer.on("sh", "-c", f"({listed}) 2>/dev/null; true").stdout


def test_a_run_is_undone(balancer: Balancer) -> None:
    first = balancer.balance(SERVICE)
    second = balancer.balance({**SERVICE, "idle_seconds": 1300}, {**SERVICE, "port": "7002"})
    assert balancer.module("load_balancer", {"state": "restored", "run": second["undo_id"]})["changed"]
    assert not balancer.balance(SERVICE)["changed"]
    balancer.module("load_balancer", {"state": "restored", "run": first["undo_id"]})
    assert balancer.on("test", "-e", OWN, check=False).returncode == 1
    unknown = balancer.module("load_balancer", {"state": "restored", "run": "never"})
    assert unknown["unknown_run"]
    assert "run: 'never' is not stored" in unknown["msg"]


def test_a_run_that_would_remove_much_is_stopped(balancer: Balancer) -> None:
    services = [{**SERVICE, "port": str(port)} for port in range(7000, 7012)]
    balancer.balance(*services)
    refused = balancer.balance(*services[:8])
    assert refused["msg"] == (
        "nothing was changed, since 4 of our 12 services would go "
        f"({', '.join(f'tcp/{VIP}:{port}' for port in range(7008, 7012))}), more than most_deleted_ratio (30%). "
        "If that is meant, set most_deleted_ratio: 0.34 for this run"
    )
    assert balancer.balance(*services[:8], most_deleted_ratio=0.4)["changed"]
    assert "more than most_deleted (3)" in balancer.balance(SERVICE, most_deleted=3, most_deleted_ratio=1)["msg"]


def test_what_does_not_come_up_is_taken_back(balancer: Balancer, members: Members, client: End) -> None:
    """Somebody else listens on the port: HAProxy's own check cannot know that, and its start fails."""
    balancer.balance(SERVICE)
    assert client.tell(f"open 1 {AT}")
    squatter = End(balancer.lab, balancer.host, MEMBER, "squatter")
    assert squatter.tell(f"tcp {VIP} 7002") == "done"
    failed = balancer.balance(SERVICE, {**SERVICE, "port": "7002"})
    squatter.stop()
    assert "The file of before is back, and HAProxy runs with it" in failed["msg"]
    assert client.tell("say 1 alive") == "alive"
    assert client.tell(f"open 2 {AT}").split()[1] == SNAT
    assert not balancer.balance(SERVICE)["changed"]


def test_a_file_that_haproxy_refuses_is_never_put_there(balancer: Balancer, members: Members, client: End) -> None:
    """The administrator's own file is broken, which its running process does not know yet."""
    balancer.balance(SERVICE)
    before = balancer.on("cat", OWN).stdout
    balancer.on("sh", "-c", f"cp {MAIN} {MAIN}.kept; echo 'no such word' >> {MAIN}")
    failed = balancer.balance({**SERVICE, "idle_seconds": 1300})
    balancer.on("mv", f"{MAIN}.kept", MAIN)
    assert "HAProxy refuses the new file; nothing was changed" in failed["msg"]
    assert "no such word" in failed["msg"] or "unknown keyword" in failed["msg"]
    assert balancer.on("cat", OWN).stdout == before
    assert client.tell(f"open 1 {AT}").split()[1] == SNAT


def test_a_haproxy_that_lost_its_way_is_brought_back(balancer: Balancer) -> None:
    """Its file is as listed, and it runs without: as after a kill between the swap and the reload."""
    balancer.balance(SERVICE)
    own = balancer.on("cat", OWN).stdout
    services, _problems = decode([{**SERVICE, "idle_seconds": 1300}])
    rendered = text.render(services)
    balancer.on("sh", "-c", f"cat > {OWN} <<'E'\n{rendered}E\n")
    done = balancer.balance({**SERVICE, "idle_seconds": 1300})
    assert [each["after"] for each in done["operations"]] == ["runs with it"]
    assert own != balancer.on("cat", OWN).stdout
    assert not balancer.balance({**SERVICE, "idle_seconds": 1300})["changed"]


def test_our_file_changed_by_hand_is_not_guessed_at(balancer: Balancer) -> None:
    balancer.balance(SERVICE)
    balancer.on("sh", "-c", f"echo '    maxconn 5' >> {OWN}")
    done = balancer.balance(SERVICE)
    balancer.on("sed", "-i", "/maxconn 5/d", OWN)
    assert "'maxconn 5' is no setting of ours" in done["msg"]
    assert "move it away, and run again" in done["msg"]


def test_an_older_watcher_or_one_that_ended_is_put_right(balancer: Balancer) -> None:
    balancer.balance(SERVICE)
    balancer.on("sh", "-c", "kill $(cat /run/openuc-balance.pid)")
    until(lambda: balancer.on("pgrep", "-f", "sbin/openuc-balance", check=False).returncode == 1)
    done = balancer.balance(SERVICE)
    assert [each["name"] for each in done["operations"]] == ["openuc-balance"]
    assert balancer.on("pgrep", "-f", "sbin/openuc-balance").stdout


def test_all_that_is_wrong_is_told_at_once(balancer: Balancer) -> None:
    cards = [{"address": VIP, "interface": "lam"}]
    assert (
        "this host has no card 'lam', but lo, lan, mgmt; did you mean lan?"
        in balancer.balance(SERVICE, addresses=cards)["msg"]
    )
    wrong = balancer.balance({**SERVICE, "vip": "10.20.0.300", "method": "round_robin"}, {**SERVICE, "members": []})
    assert wrong["msg"].splitlines()[1:] == [
        "services[0].vip: '10.20.0.300' is no IP address",
        "services[0].method: 'round_robin' is none of least_connections",
        "services[1].members: is empty; a service without members refuses everyone",
    ]


def test_a_host_without_haproxy_is_predicted_and_refused(balancer: Balancer) -> None:
    """The internal name server of the lab has none: its program is hidden there."""
    bare = Balancer(balancer.lab, "fe1.corp.contoso.com")
    bare.on("mv", "/usr/sbin/haproxy", "/usr/sbin/haproxy.hidden")
    try:
        cards = [{"address": VIP, "interface": bare.on("ls", "/sys/class/net").stdout.split()[0]}]
        predicted = bare.balance(SERVICE, check=True, addresses=cards)
        assert predicted["would_need"] == ["haproxy is not installed on this host; install the package haproxy"]
        assert predicted["changed"]
        assert "install the package haproxy" in bare.balance(SERVICE, addresses=cards)["msg"]
    finally:
        bare.on("mv", "/usr/sbin/haproxy.hidden", "/usr/sbin/haproxy")


def test_rendered_is_what_the_host_gets_and_what_the_plan_shows(balancer: Balancer) -> None:
    arguments = {"slice": str(SLICES / f"{balancer.host}.json")}
    rendered = balancer.module("load_balancer", {**arguments, "state": "rendered"})["rendered"]
    golden = ROOT / "tests/golden/lab/intended/native" / f"{balancer.host}.cfg"
    assert rendered == {"haproxy.cfg": golden.read_text()}
    balancer.module("load_balancer", arguments)
    assert balancer.on("cat", OWN).stdout == rendered["haproxy.cfg"]
    parsed = balancer.module("load_balancer", {"state": "parsed", "text": rendered["haproxy.cfg"]})["parsed"]
    assert parsed == balancer.module("load_balancer", {"state": "gathered"})["gathered"]["services"]


def test_two_runs_do_not_work_on_a_host_at_once(balancer: Balancer) -> None:
    balancer.balance(SERVICE)
    lock = "/var/lib/openuc/load_balancer/balancer/lock"
    holder = subprocess.Popen(
        machine.command_in(
            balancer.lab.lab.first_process(balancer.host), ["flock", lock, "sh", "-c", "echo held; read line"]
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    refused = balancer.balance({**SERVICE, "idle_seconds": 1300})
    holder.communicate("\n", timeout=10)
    assert "another run works here" in refused["msg"]
