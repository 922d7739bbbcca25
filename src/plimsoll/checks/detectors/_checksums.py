"""Check digits that python-stdnum does not know. Each rule says where it is published."""

import re
from typing import Final

from ._numbers import luhn

_NRIC: Final = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK"}
_NRIC_WEIGHTS: Final = (2, 7, 6, 5, 4, 3, 2)
_NRIC_LATER: Final = {"T": 4, "G": 4}
_MEDICARE: Final = (1, 3, 7, 9, 1, 3, 7, 9)
_RVNR: Final = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
_LANES, _LANE_BITS, _RATE, _ROUNDS = 25, 64, 136, 24
_ALL: Final = (1 << _LANE_BITS) - 1
_ADDRESS: Final = 40
_HALF_BYTE: Final = 8


def npi(text: str) -> bool:
    """US provider of health care: Luhn with 80840 in front (45 CFR 162.406; CMS)."""
    return luhn("80840" + text)


def dea(text: str) -> bool:
    """US registration to prescribe: the odd digits plus twice the even ones end with the last (21 CFR 1301, DEA)."""
    digits = [int(sign) for sign in text[2:]]
    return (sum(digits[:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def nric(text: str) -> bool:
    """Singapore's identity card: weights 2 7 6 5 4 3 2, four more for T and G, remainder of 11, a table (ICA)."""
    total = sum(weight * int(digit) for weight, digit in zip(_NRIC_WEIGHTS, text[1:8], strict=True))
    return _NRIC[text[0]][(total + _NRIC_LATER.get(text[0], 0)) % 11] == text[8]


def hkid(text: str) -> bool:
    """Hong Kong's identity card: letters as 10 to 35, a blank as 36, weights 9 to 1, divisible by 11 (ImmD)."""
    signs = re.sub(r"[()\s]", "", text.upper())
    signs = signs if len(signs) == len("AB1234567") else " " + signs
    values = [36 if sign == " " else int(sign, 36) for sign in signs[:-1]]
    last = 10 if signs[-1] == "A" else int(signs[-1], 36)
    return (sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True)) + last) % 11 == 0


def medicare(text: str) -> bool:
    """Australia's health insurance: weights 1 3 7 9 1 3 7 9, their sum ends with the ninth digit."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    return sum(weight * digit for weight, digit in zip(_MEDICARE, digits[:8], strict=True)) % 10 == digits[8]


def rvnr(text: str) -> bool:
    """Germany's pension insurance: the letter as two digits, weights, sums of digits, remainder of 10 (VKVV)."""
    plain = re.sub(r"\s", "", text)
    digits = [int(sign) for sign in f"{plain[:8]}{ord(plain[8]) - 64:02d}{plain[9:11]}"]
    total = sum(sum(divmod(weight * digit, 10)) for weight, digit in zip(_RVNR, digits, strict=True))
    return total % 10 == int(plain[11])


def kvnr(text: str) -> bool:
    """Germany's health insurance: the letter as two digits, weights 1 and 2 in turn, sums of digits (SGB V)."""
    digits = [int(sign) for sign in f"{ord(text[0]) - 64:02d}{text[1:9]}"]
    total = sum(sum(divmod((place % 2 + 1) * digit, 10)) for place, digit in enumerate(digits))
    return total % 10 == int(text[9])


def ethereum(text: str) -> bool:
    """An account of Ethereum: the case of its letters is a checksum, where both cases are used (EIP-55)."""
    signs = text[2:]
    if signs in {signs.lower(), signs.upper()}:
        return True
    marks = keccak256(signs.lower().encode()).hex()
    return all(
        sign.isdigit() or sign.isupper() == (int(mark, 16) >= _HALF_BYTE)
        for sign, mark in zip(signs, marks[:_ADDRESS], strict=True)
    )


def keccak256(data: bytes) -> bytes:
    """Keccak with 256 bits and its first padding (Bertoni and others 2011), which is not that of SHA-3."""
    padded = bytearray(data + bytes(_RATE - len(data) % _RATE))
    padded[len(data)] |= 0x01
    padded[-1] |= 0x80
    state = [0] * _LANES
    for at in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            state[lane] ^= int.from_bytes(padded[at + 8 * lane : at + 8 * lane + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _permuted(state: list[int]) -> list[int]:
    register = 1
    for _ in range(_ROUNDS):
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        mixes = [columns[(x + 4) % 5] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        state = [lane ^ mixes[place % 5] for place, lane in enumerate(state)]
        x, y, lane = 1, 0, state[1]
        for turn in range(_ROUNDS):
            x, y = y, (2 * x + 3 * y) % 5
            lane, state[x + 5 * y] = state[x + 5 * y], _turned(lane, (turn + 1) * (turn + 2) // 2)
        state = [
            state[place] ^ (~state[place - place % 5 + (place + 1) % 5] & state[place - place % 5 + (place + 2) % 5])
            for place in range(_LANES)
        ]
        for power in range(7):
            state[0] ^= (register & 1) << ((1 << power) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
    return state


def _turned(lane: int, by: int) -> int:
    by %= _LANE_BITS
    return ((lane << by) | (lane >> (_LANE_BITS - by))) & _ALL
