"""The least that a gateway in Python can do: pass a request on, and its answer back. `passthrough.py PORT UPSTREAM`."""

import sys

from starlette.types import Receive, Scope, Send

from plimsoll.api.server import ServerSettings, run_server
from plimsoll.http import Client


class Passthrough:
    """Reads a whole request, passes it on under the same path, and passes the answer back as it comes."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._client: Client | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        client = self._client = self._client or Client(most_idle_per_origin=512)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        url = self._upstream + scope["path"]
        response = await client.send("POST", url, headers=[("content-type", "application/json")], body=body)
        kept = ("content-type", "content-length")
        headers = [(name.encode(), response.headers[name].encode()) for name in kept if name in response.headers]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        while piece := await response.piece():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        response.release()


if __name__ == "__main__":
    run_server(Passthrough(sys.argv[2]), ServerSettings(port=int(sys.argv[1])))
