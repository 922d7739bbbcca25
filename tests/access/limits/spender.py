"""A process that spends from a shared budget; it writes down every call it paid for.

It says 0 when it is ready, begins with the first line of its standard input, and ends with the end of it.

Usage: spender.py PLACE APP SEED, where PLACE is a file or `URL SCHEMA` of a server.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from plimsoll.access.limits import BudgetUsedUpError, Consumption, Meter, Need, Payer, Spent, make_budget
from plimsoll.access.limits._driver import Pace
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.usage import USAGE

PACE = Pace(tick_s=0.02, lease_s=1.2, skew_s=0.4, settled_s=0.1, reclaim_s=0.1)
CLIENTS = 12


async def client(meter: Meter, chance: random.Random, ended: asyncio.Event) -> None:
    """One caller after another: reserves a worst case, uses less, and says so on standard output before it settles."""
    while not ended.is_set():
        need = chance.randint(1, 4)
        try:
            reservation = await meter.reserve(Payer(user="ada"), Need(need, 0))
        except BudgetUsedUpError:
            await asyncio.sleep(0.01)
            continue
        await asyncio.sleep(chance.random() * 0.004)
        used = chance.randint(0, need)
        os.write(1, f"{used}\n".encode())
        reservation.settle(Spent(used, 0))


async def main(place: Path | PostgresPlace, app: str, seed: int, on_crash: str, cap: int) -> None:
    database = Database(place, USAGE, durability="normal")
    budgets = (make_budget("everyone", {"tokens": cap}, "total", on_crash=on_crash),)
    meter = Meter(Consumption(database), lambda: budgets, app=app, pace=PACE)
    await meter.start()
    os.write(1, b"0\n")
    sys.stdin.readline()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, ended.set)
    chance = random.Random(seed)
    await asyncio.gather(*(client(meter, chance, ended) for _ in range(CLIENTS)))
    await meter.close()
    database.close()


if __name__ == "__main__":
    _, url, schema, app, seed, on_crash, cap = sys.argv
    asyncio.run(main(PostgresPlace(url, schema) if schema else Path(url), app, int(seed), on_crash, int(cap)))
