"""`python -m tests.upstream [PORT]`: the server in the foreground, until it is interrupted."""

import asyncio
import contextlib
import sys

from ._server import upstream


async def main(port: int) -> None:
    async with upstream(port=port) as running:
        print(running.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
