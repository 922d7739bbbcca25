"""Ed25519 signatures (RFC 8032 section 5.1), in extended coordinates."""

from __future__ import annotations

import functools
import hashlib

Point = tuple[int, int, int, int]
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
ZERO: Point = (0, 1, 1, 0)


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _point(data: bytes) -> Point | None:
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)


@functools.lru_cache(maxsize=8)
def _multiples(point: Point) -> tuple[list[Point], ...]:
    rows = []
    for _ in range(64):
        row = [ZERO]
        for _ in range(15):
            row.append(_add(row[-1], point))
        rows.append(row)
        point = _add(row[-1], point)
    return tuple(rows)


def _times(number: int, point: Point) -> Point:
    total = ZERO
    for place, row in enumerate(_multiples(point)):
        total = _add(total, row[number >> 4 * place & 15])
    return total


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, "little")


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) is one of `message` under `public` (32 bytes).

    Strict: a number S beyond the order, a point that is not encoded canonically and a key of small order are refused.
    """
    point = _point(public) if (len(public), len(signature)) == (32, 64) else None
    s = int.from_bytes(signature[32:], "little")
    if point is None or s >= L or _encoded(_times(8, point)) == _encoded(ZERO):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    negative = (P - point[0], point[1], 1, P - point[3])
    base = _point(b"\x58" + b"\x66" * 31) or ZERO
    return _encoded(_add(_times(s, base), _times(challenge, negative))) == signature[:32]
