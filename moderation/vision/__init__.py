"""Pictures: frames of a stream and of the catalogue."""

from .detectors import Picture, Pictures, load_picture
from .worker import PictureWorker, Screened

__all__ = ["Picture", "PictureWorker", "Pictures", "Screened", "load_picture"]
