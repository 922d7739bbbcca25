"""Sending what a check asks over HTTP."""

import asyncio
from typing import TYPE_CHECKING, Final

from ._loop import PUBLIC_ONLY, check_host
from ._types import Post, Reply

if TYPE_CHECKING:
    import ssl

    from plimsoll.http import Client

_HEADERS: Final = (("content-type", "application/json"), ("accept", "application/json"), ("user-agent", "plimsoll"))


class Poster:
    """Sends POSTs in one event loop. Nothing is followed, tried again or compressed.

    Connections that may lead to private machines are kept apart from the others, so that none is used again for who
    may not ask there. `tls` replaces the authorities that the machine trusts.
    """

    def __init__(self, tls: "ssl.SSLContext | None" = None) -> None:
        # Most processes never need it, and it takes a while to load.
        from plimsoll.http import Client

        self._anywhere = Client(tls=tls)
        self._public = Client(tls=tls)

    async def post(self, post: Post) -> Reply:
        """What the server answers. Raises PrivateAddressError, ExchangeError, UnsendableRequestError."""
        if not post.private_addresses:
            check_host(post.url)
        client = self._anywhere if post.private_addresses else self._public
        # In a task of its own, whose look-ups alone this holds for.
        return await asyncio.create_task(_sent(client, post))

    async def close(self) -> None:
        """Close every connection."""
        await self._anywhere.close()
        await self._public.close()


async def _sent(client: "Client", post: Post) -> Reply:
    from plimsoll.http import Timeouts

    PUBLIC_ONLY.set(not post.private_addresses)
    whole = post.timeout_s
    timeouts = Timeouts(connect_s=whole, write_s=whole, first_byte_s=whole, between_s=whole, total_s=whole)
    headers = (*_HEADERS, *post.headers)
    response = await client.send("POST", post.url, headers=headers, body=post.body, timeouts=timeouts)
    try:
        body = await response.read(post.most_bytes)
    finally:
        response.release()
    return Reply(response.status, body, response.headers)
