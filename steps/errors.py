"""Errors that speak to the user: one clear sentence with what to do, no traceback."""


class SlumberError(Exception):
    """A mistake or a missing thing that the user can mend; its text is the whole message.

    ``exit_code`` is what the command line returns: 2 for a user's mistake or a missing thing.
    """

    exit_code = 2


class DataRefused(SlumberError):
    """A dataset failed an expectation of critical severity: the night stops, the champion stays."""

    exit_code = 3


class NightRunning(SlumberError):
    """Another night holds this workspace's lock."""

    exit_code = 4
