"""The exceptions a user may see."""

# Stands before the page at the end of a failed gate's error, so that a list of runs can shorten what comes before it.
ALL_FOUND = "everything that was found: "


class ClvError(Exception):
    """A user's or the shop's mistake: one line that names the file, row or setting, and the mend.

    The command prints it without a traceback and exits 1; a task fails with it and is not retried.
    """


class NotFoundError(ClvError):
    """What was asked for by its name is not there."""


class Unavailable(ClvError):  # noqa: N818 - what a server is
    """Something we need does not answer now, and may later: one line like the others, but a task is retried."""
