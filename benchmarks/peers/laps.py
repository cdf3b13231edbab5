"""Times the stages of a peer."""

import json
import time
from pathlib import Path


class Laps:
    """The seconds of each stage."""

    def __init__(self):
        """Starts the first stage."""
        self.seconds = {}
        self.started = time.perf_counter()

    def end(self, stage):
        """Ends a stage and starts the next."""
        self.seconds[stage] = time.perf_counter() - self.started
        self.started = time.perf_counter()

    def save(self, out):
        """Writes seconds.json to the folder of the peer's results."""
        (Path(out) / "seconds.json").write_text(json.dumps(self.seconds))
