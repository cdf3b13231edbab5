"""Health check of a service: python healthy.py URL [KEY.KEY=VALUE | KEY.KEY]

Exits with 0 when the URL answers 200 and, if a key is given, the answer is JSON that has this value under the key
(without VALUE: any value but null). Otherwise prints the reason in one line and exits with 1.
"""

from __future__ import annotations

import json
import sys
import urllib.request

# Ignore a proxy for the internet: containers reach each other directly.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def why_not(url: str, condition: str = "") -> str | None:
    """The reason why the service is not healthy; None when it is."""
    try:
        with DIRECTLY.open(url, timeout=5) as response:
            body = response.read()
        if not condition:
            return None
        path, _, wanted = condition.partition("=")
        found = json.loads(body)
        for key in path.split("."):
            found = found.get(key) or {}
    except (OSError, ValueError, AttributeError) as error:
        return f"{url}: {error}"
    if found and (not wanted or found == wanted):
        return None
    return f"{url}: {path} is {found or 'missing'}, not {wanted or 'set'}"


if __name__ == "__main__":
    sys.exit(why_not(*sys.argv[1:]))
