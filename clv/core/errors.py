"""The exceptions that a user may see."""

# Precedes the page at the end of a failed gate's error, so that lists of runs can shorten the text before it.
ALL_FOUND = "everything that was found: "


class ClvError(Exception):
    """A mistake of the user or in the shop's data: one line that names the file, row or setting, and the remedy.

    The command prints it without a traceback and exits with 1; a task fails with it and is not retried.
    """


class NotFoundError(ClvError):
    """Something that was requested by name does not exist."""


class Unavailable(ClvError):  # noqa: N818 - what a server is
    """A service that we need does not answer now and may answer later: one line like the others, but a task is
    retried."""
