"""Reading a calibration that was kept."""

from typing import Any, Final

import msgspec

from plimsoll.kernel.errors import InvalidError

from ._types import Calibration

_FORMAT: Final = "plimsoll-calibration-1"


class CalibrationInvalidError(InvalidError):
    """What was read is no calibration."""

    code = "calibration_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this is not a calibration: {reason}", hint="make one with `plimsoll eval calibrate`")


def calibration_of(content: Any) -> Calibration:
    """The calibration that `Calibration.to_json` wrote. Raises CalibrationInvalidError."""
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise CalibrationInvalidError(f"its format is not {_FORMAT}")
    told = {name: value for name, value in content.items() if name != "format"}
    try:
        return msgspec.convert(told, Calibration)
    except msgspec.ValidationError as error:
        raise CalibrationInvalidError(str(error)) from error
