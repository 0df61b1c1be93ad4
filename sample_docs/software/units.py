"""Units of water levels and temperatures.

Values are stored in metres and degrees Celsius; everything here happens on display, or when a
gauge reports in other units.
"""

from __future__ import annotations

METRES_PER_FOOT = 0.3048  # exact, by the international agreement of 1959
METRES_PER_FATHOM = 6 * METRES_PER_FOOT


def celsius_to_fahrenheit(degrees: float) -> float:
    """Convert a water temperature from Celsius to Fahrenheit.

    >>> celsius_to_fahrenheit(100)
    212.0
    """
    return degrees * 9 / 5 + 32


def fahrenheit_to_celsius(degrees: float) -> float:
    """Convert a water temperature from Fahrenheit to Celsius.

    >>> fahrenheit_to_celsius(212)
    100.0
    """
    return (degrees - 32) * 5 / 9


def metres_to_feet(metres: float) -> float:
    """Convert a water level from metres to feet.

    >>> round(metres_to_feet(1), 4)
    3.2808
    """
    return metres / METRES_PER_FOOT


def feet_to_metres(feet: float) -> float:
    """Convert a water level from feet to metres.

    >>> feet_to_metres(10)
    3.048
    """
    return feet * METRES_PER_FOOT


def fathoms_to_metres(fathoms: float) -> float:
    """Convert a depth from fathoms, as found on old charts, to metres."""
    return fathoms * METRES_PER_FATHOM


def format_level(metres: float, *, unit: str = "m") -> str:
    """Write a level with its sign, so that a level below chart datum is never overlooked.

    >>> format_level(-0.42)
    '-0.42 m'
    >>> format_level(1.0, unit="ft")
    '+3.28 ft'

    Raises:
        ValueError: the unit is neither "m" nor "ft".
    """
    if unit == "m":
        value = metres
    elif unit == "ft":
        value = metres_to_feet(metres)
    else:
        raise ValueError(f"unknown unit {unit!r}: 'm' or 'ft'")
    return f"{value:+.2f} {unit}"
