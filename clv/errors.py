"""The one exception a user may see."""


class ClvError(Exception):
    """A user's or the shop's mistake: one line that names the file, row or setting, and the mend.

    The command prints it without a traceback and exits 1; a task fails with it and is not retried.
    """
