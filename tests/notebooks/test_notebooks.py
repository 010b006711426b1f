"""Every notebook runs from its first cell to its last, in a kernel of its own, within a minute."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    )

    client.execute()

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code, "a notebook computes something"
    assert all(cell.execution_count for cell in code)
