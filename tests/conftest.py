"""A small chapter that runs anywhere, for the tests of sweeps."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

PARAMETERS = "seed: int = 0\nradius: float = 1.0\ndatasets: list[str] = ['MNIST']\nworkers: int = 2"
KERNEL = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}


@pytest.fixture
def chapter(tmp_path):
    """Writes a chapter of code cells after its parameters, and returns its path."""

    def write(*sources, parameters=PARAMETERS):
        cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
        if parameters is not None:
            tagged = {"tags": ["parameters"]}
            cells.insert(0, new_code_cell(parameters, id="parameters", metadata=tagged))
        path = tmp_path / "tiny.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), path)
        return path

    return write
