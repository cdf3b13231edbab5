"""Health check: python healthy.py URL [KEY.KEY=VALUE | KEY.KEY]

Exits 0 when the URL answers 200 and, where a key is given, the JSON it answers with holds that value there
(without a value: anything but nothing); else prints why not in one line and exits 1.
"""

from __future__ import annotations

import json
import sys
import urllib.request

# A proxy for the world outside has nothing to say about the containers.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def why_not(url: str, condition: str = "") -> str | None:
    """None when healthy, else the reason."""
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
