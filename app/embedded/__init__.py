"""PostgreSQL and Redis from their wheels, for machines that have neither."""

from importlib.util import find_spec
from pathlib import Path


def wheel_directory(package: str) -> Path:
    """Where `package` lies, found without importing it; its import may do more than we want."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the wheel {package} is not installed: run make setup", name=package)
    return Path(spec.submodule_search_locations[0])
