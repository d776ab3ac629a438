"""What can go wrong, each with the exit code that every command returns for it."""

from __future__ import annotations


class OpenadaError(Exception):
    """A condition that is told to the user in one line. `exit_code` is what the command returns."""

    exit_code = 1


class UnusableInput(OpenadaError):  # noqa: N818 - it is the input that is at fault, not the program
    """Input that cannot be used: the message echoes the offending value and names the remedy."""

    exit_code = 2


class SomeItemsFailed(OpenadaError):  # noqa: N818 - an outcome
    """Some items of a batch failed; the others are done and kept."""

    exit_code = 3
