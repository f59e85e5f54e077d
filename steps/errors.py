"""Errors that speak to the user: one clear sentence with what to do, no traceback."""


class SlumberError(Exception):
    """A mistake or a missing thing that the user can mend; its text is the whole message.

    ``exit_code`` is what the command line returns: 2 for a user's mistake or a missing thing.
    """

    exit_code = 2


class DataRefused(SlumberError):
    """A dataset failed an expectation of critical severity: the night stops, the champion stays.

    ``check``: the asset check that says so on Dagster's page.
    """

    exit_code = 3

    def __init__(self, sentence: str, *, check: str = "expectations"):
        super().__init__(sentence)
        self.check = check


class NightRunning(SlumberError):
    """Another night holds this workspace's lock."""

    exit_code = 4
