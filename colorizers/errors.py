"""The exceptions of the colorizers: every text is one sentence for the person who reads it."""

from truehue import TrueHueError


class ImageError(TrueHueError, ValueError):
    """A picture cannot be used, or not as asked."""


class WeightsError(TrueHueError):
    """Weights are missing, damaged or of another network; the text says what to do."""


class EncoderError(TrueHueError):
    """An encoder cannot be had; the text says why and what to do."""


class SettingsError(TrueHueError):
    """Files cannot be colorized as asked; none has been touched."""


class ExportError(TrueHueError):
    """There can be no ONNX file."""
