"""What can go wrong between a source and this machine."""

from plimsoll.kernel.errors import UnavailableError

from .._errors import DocumentError, printable


class SourceUnreachableError(UnavailableError):
    """A whole source cannot be asked what it holds. Nothing is built, because it would look as if all were deleted."""

    code = "source_unreachable"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"the source {printable(source)} cannot be reached: {printable(reason)}",
            hint="check its address, its keys and the network, and run the same command again; "
            "what was built before stays as it is",
        )


class FactsInvalidError(DocumentError):
    """What stands beside a document about its readers, or about itself, cannot be understood."""

    code = "document_facts"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{printable(place)} {reason}",
            hint="write for example access: [legal, finance] and metadata: {year: 2024}; until then nobody sees the "
            "documents that it is about",
        )


class ListInvalidError(DocumentError):
    """A list of addresses that is no list."""

    code = "source_list"

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(
            f"the list of addresses {printable(source)} cannot be used: {printable(reason)}",
            hint='write one address a line, or one object a line such as {"url": "https://example.org/a.pdf"}',
        )


class FetchError(DocumentError):
    """One document cannot be had."""

    code = "document_not_fetched"

    def __init__(self, path: str, reason: str, *, hint: str = "") -> None:
        super().__init__(
            f"{printable(path)} was not fetched: {printable(reason)}",
            hint=hint or "open the address from this machine, and correct or remove it",
        )


class ServerFailedError(FetchError):
    """The server failed, or could not be reached: another time it may be there."""

    code = "document_server_failed"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason, hint="run the same command again when the server answers")


class PrivateAddressError(FetchError):
    """An address that leads into the network of this machine."""

    code = "document_private_address"

    def __init__(self, path: str, host: str) -> None:
        super().__init__(
            path,
            f"{host} is an address of a private network",
            hint="allow it with private_addresses: true, if the list is written by somebody you trust",
        )
