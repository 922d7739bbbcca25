"""What can happen to a piece of work in another process."""

from plimsoll.kernel.errors import IntegrityError, InvalidError, UnavailableError


class StageCrashedError(InvalidError):
    """The process that did the work died; the input is the likely cause."""

    code = "stage_crashed"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} crashed the process that was reading it",
            hint="the file is probably damaged: open it in its own program and save it again, or leave it out",
        )


class StageTimeoutError(UnavailableError):
    """The work took too long."""

    code = "stage_timeout"

    def __init__(self, what: str, timeout_s: float) -> None:
        super().__init__(
            f"{what} took longer than {timeout_s:g} seconds", hint="split the file, or leave it out with `exclude`"
        )


class StageOutputLostError(IntegrityError):
    """An output that was remembered can no longer be read."""

    code = "stage_output_lost"

    def __init__(self, stage: str) -> None:
        super().__init__(
            f"the cache of the stage `{stage}` is damaged",
            hint="delete cache.db in the folder of records (.plimsoll) and build again; nothing else is lost",
        )
