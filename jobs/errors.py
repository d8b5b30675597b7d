"""What can go wrong in a job, and the exit code that tells the scheduler whether to try again.

65 and 66 are EX_DATAERR and EX_NOINPUT of sysexits.h: the same data fails again, so they are never
retried. Everything else exits with 1 and is retried.
"""

BAD_DATA = 65
NO_INPUT = 66
FAILURE = 1
USAGE = 2


class NocturneError(Exception):
    """A failure a person can act on: the message names the value, the rule and the remedy."""

    exit_code = FAILURE


class BadDataError(NocturneError):
    """The data break a rule; running again on the same data breaks it again."""

    exit_code = BAD_DATA


class NoInputError(NocturneError):
    """There is nothing to work on in the window."""

    exit_code = NO_INPUT


class UsageError(NocturneError):
    """A wrong argument or setting."""

    exit_code = USAGE
