"""Oklab, in which equal steps look equal; matrices from Björn Ottosson's description of it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float64]

_OKLAB_TO_LMS: Final = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LMS_TO_RGB: Final = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def to_srgb(oklab: Colours) -> Colours:
    """Oklab colours, one per row, in sRGB from 0 to 1; those beyond it are cut to its edge."""
    linear = ((oklab @ _OKLAB_TO_LMS.T) ** 3) @ _LMS_TO_RGB.T
    curved = 1.055 * np.clip(linear, 0.0031308, 1) ** (1 / 2.4) - 0.055
    return np.asarray(np.clip(np.where(linear <= 0.0031308, 12.92 * linear, curved), 0, 1))


def from_srgb(srgb: Colours) -> Colours:
    """Colours of sRGB from 0 to 1, one per row, in Oklab."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(linear @ np.linalg.inv(_LMS_TO_RGB).T)
    return np.asarray(lms @ np.linalg.inv(_OKLAB_TO_LMS).T)
