# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and certificates by ACME, run where the client stands in the network.

issuing.py OPTIONS: options of both steps as JSON; prints what went wrong and how the certificates stand.
"""

from __future__ import annotations

import datetime
import json
import sys

from ansible_collections.openuc.ocs.plugins.module_utils.pki import issuers, issuing, model, requesting


def main() -> None:
    given = json.loads(sys.argv[1])
    wanted, problems = model.decode(given["requests"])
    now = datetime.datetime.now(datetime.UTC)
    requesting.run(requesting.Options(given["folder"], issuer="public"), wanted, now, check=False)
    options = issuing.Options(
        given["folder"],
        authority="acme",
        trust=given["trust"],
        tolerated=("crl",),
        acme=issuing.AcmeOptions(terms_agreed=True, challenge="http-01", timeout=20, **given["acme"]),
    )
    outcome = issuers.run(options, wanted, now, check=False)
    print(
        json.dumps(
            {
                "problems": [*problems, *outcome.problems],
                "states": [status.state for status in outcome.statuses],
                "challenges": [dict(each) for each in outcome.challenges],
            }
        )
    )


if __name__ == "__main__":
    main()
