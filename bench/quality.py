"""How near a thumbnail comes to the picture, against a resize in floating point.

PSNR is over all samples of 8 bits. SSIM is that of Wang, Bovik, Sheikh and Simoncelli, "Image
quality assessment: from error visibility to structural similarity" (IEEE Transactions on Image
Processing 13, 2004): luma, a Gaussian window of 11x11 with sigma 1.5, K1 0.01, K2 0.03.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

Samples = NDArray[np.float64]

_SIDE: Final = 400
_PEAK: Final = 255.0
_LUMA: Final = np.array([0.299, 0.587, 0.114])
_OFFSETS: Final = np.arange(11) - 5
_BELL: Final = np.exp(-(_OFFSETS**2) / (2 * 1.5**2))
_WINDOW: Final = _BELL / _BELL.sum()


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one set of thumbnails: means, the worst SSIM, and the mean size in kilobytes."""

    psnr: float
    ssim: float
    worst_ssim: float
    kilobytes: float


def quality(sources: Sequence[Path], thumbnails: Sequence[Path]) -> Quality:
    """Compare each thumbnail of 400x400 with its square source."""
    pairs = [
        (_reference(source), _samples(thumbnail))
        for source, thumbnail in zip(sources, thumbnails, strict=True)
    ]
    ssims = [_ssim(reference @ _LUMA, found @ _LUMA) for reference, found in pairs]
    return Quality(
        statistics.mean(_psnr(*pair) for pair in pairs),
        statistics.mean(ssims),
        min(ssims),
        statistics.mean(thumbnail.stat().st_size for thumbnail in thumbnails) / 1000,
    )


def _reference(source: Path) -> Samples:
    with Image.open(source) as image:
        bands = [band.convert("F") for band in image.convert("RGB").split()]
    resized = [band.resize((_SIDE, _SIDE), Resampling.LANCZOS) for band in bands]
    return np.clip(np.stack([np.asarray(band, np.float64) for band in resized], 2), 0, _PEAK)


def _samples(thumbnail: Path) -> Samples:
    with Image.open(thumbnail) as image:
        return np.asarray(image.convert("RGB"), np.float64)


def _psnr(reference: Samples, found: Samples) -> float:
    return float(10 * np.log10(_PEAK**2 / np.mean((reference - found) ** 2)))


def _ssim(x: Samples, y: Samples) -> float:
    c1, c2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x = _blurred(x * x) - mean_x**2
    variance_y = _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    alike = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    most = (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    return float(np.mean(alike / most))


def _blurred(image: Samples) -> Samples:
    taps = len(_WINDOW)
    height, width = image.shape[0] - taps + 1, image.shape[1] - taps + 1
    columns = sum(weight * image[:, at : at + width] for at, weight in enumerate(_WINDOW))
    return np.asarray(
        sum(weight * columns[at : at + height] for at, weight in enumerate(_WINDOW)), np.float64
    )
