"""What can go wrong when a trace is looked up."""

from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError


class TraceMissingError(NotFoundError):
    """No trace of that name."""

    code = "trace_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no trace `{name}`", hint="`plimsoll trace list` shows the latest ones")


class TraceAmbiguousError(InvalidError):
    """The first digits fit more than one trace."""

    code = "trace_ambiguous"

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` fits more than one trace", hint="write more of its digits")


class CaptureIncompleteError(InvalidError):
    """A way to keep content was chosen whose means are missing."""

    code = "capture_incomplete"

    def __init__(self, content: str, missing: str) -> None:
        super().__init__(
            f"the content of traces cannot be kept as `{content}`: {missing} is missing",
            hint="choose another value for `traces.content` in plimsoll.yaml",
        )


class PlaceOfPageError(InvalidError):
    """A page of traces is asked for that nobody was pointed to."""

    code = "page_unknown"

    def __init__(self, after: str) -> None:
        super().__init__(f"`{after[:40]}` is no place in a list of traces", hint="pass on what the page before said")


class IntakeFullError(UnavailableError):
    """More was sent than can be written down now."""

    code = "intake_full"

    def __init__(self) -> None:
        super().__init__(
            "more spans are waiting to be written than fit in memory", hint="send them again", retry_after_s=1.0
        )


class SentInvalidError(InvalidError):
    """What was sent is no OTLP."""

    code = "otlp_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is no OTLP: {reason}", hint="send an ExportTraceServiceRequest as protobuf or JSON")


class SentTooLargeError(InvalidError):
    """What was sent unpacks to more than is taken at once."""

    code = "otlp_too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"the spans unpack to more than {most_bytes >> 20} MiB", hint="send fewer spans with one request"
        )
