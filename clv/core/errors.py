"""The exceptions whose text users see."""

# Precedes the address of the gate's page at the end of a failed gate's error. clv.warehouse.runs.brief searches for it,
# to shorten the text before it in lists of runs.
ALL_FOUND = "everything that was found: "


class ClvError(Exception):
    """A mistake of the user or in the shop's data. Its text is one line with the file, row or setting, and the remedy.

    A command prints the line without a traceback and exits with 1. A task fails with it and is not retried.
    """


class NotFoundError(ClvError):
    """Something requested by name does not exist."""


class Unavailable(ClvError):  # noqa: N818 - what a server is
    """A service that is needed does not answer now and may answer later. Its text is one line, as in ClvError, but a
    task is retried."""
