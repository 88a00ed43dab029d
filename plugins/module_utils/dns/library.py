# SPDX-License-Identifier: GPL-3.0-or-later
"""dnspython where it is installed, for signatures and the presentation of unusual types. Private to the collection."""

from __future__ import annotations

import traceback

try:
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TSIG
    import dns.tsig
    import dns.version
except ImportError:
    MISSING: str | None = traceback.format_exc()
else:
    MISSING = None

OLDEST = (2, 3)


def problem() -> str:
    """What is wrong with the library of this host; empty when it will do."""
    if MISSING:
        return (
            "the Python library dnspython is not installed for the Python that Ansible uses here; "
            "install dnspython 2.3 or newer (pip install dnspython, apt install python3-dnspython)"
        )
    found = (dns.version.MAJOR, dns.version.MINOR)
    if found < OLDEST:
        return f"dnspython {found[0]}.{found[1]} is too old; install 2.3 or newer"
    return ""
