"""The memory of a process that reads hostile files."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from ._errors import MemoryExceededError
from ._types import LoadSettings

_BYTES_PER_MB = 1_000_000
_TIMES_THE_FILE = 10


@contextmanager
def bounded_memory(name: str, settings: LoadSettings) -> Iterator[None]:
    """Let this process, and the programs that it starts, have no more memory than reading one file may take.

    That is `max_memory_mb`, and ten times `max_file_mb`. Only for a process that does nothing else, because it holds
    for as long as that lives. Without it, a small file that grows without end takes what others need.

    What exceeds it raises MemoryExceededError, or ends the process where a library does not cope; `name` is what the
    message calls the file.
    """
    wanted = (settings.max_memory_mb + _TIMES_THE_FILE * settings.max_file_mb) * _BYTES_PER_MB
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [limit for limit in (wanted, before, most) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), most))
    try:
        yield
    except MemoryError as error:
        raise MemoryExceededError(name) from error
