"""A supervisor or a worker, run as a process of its own by the tests: `worker.py WORKERS FOLDER [LISTENER LINE]`.

What is in FOLDER says how workers behave: `broken` lets them fail at their start, `mute` lets them end without a word,
`stuck` lets them never end by themselves.
"""

import asyncio
import os
import sys
from pathlib import Path

from starlette.types import Receive, Scope, Send

from plimsoll.api.server import (
    Inherited,
    ServerSettings,
    logging_to,
    report_failure,
    run_worker,
    run_workers,
)
from plimsoll.kernel.errors import InvalidError, PlimsollError


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if (Path(sys.argv[2]) / "stuck").exists():
            await asyncio.Event().wait()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/die":
        os._exit(9)
    if scope["path"] == "/slow":
        await asyncio.sleep(0.3)
    body = str(os.getpid()).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    workers, folder, *files = sys.argv[1:]
    settings = ServerSettings(workers=int(workers), drain_s=0 if (Path(folder) / "stuck").exists() else 10)
    with logging_to(sys.stderr, "json"):
        if files:
            work(settings, Path(folder), Inherited(int(files[0]), int(files[1])))
            return

        def command(inherited: Inherited) -> list[str]:
            return [sys.executable, __file__, workers, folder, str(inherited.listener), str(inherited.line)]

        try:
            run_workers(command, settings, on_ready=lambda url: print(url, flush=True))
        except PlimsollError as error:
            print(error.code, error.message, error.hint, sep="|", flush=True)
            return
        print("ended", flush=True)


def work(settings: ServerSettings, folder: Path, inherited: Inherited) -> None:
    if (folder / "mute").exists():
        sys.exit(5)
    if (folder / "broken").exists():
        report_failure(inherited, InvalidError("the file is broken", hint="mend it"))
        sys.exit(2)
    run_worker(app, settings, inherited)


if __name__ == "__main__":
    main()
