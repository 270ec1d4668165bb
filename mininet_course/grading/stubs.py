"""Keeps our answer cells when nbgrader makes the students' version."""

from typing import Any

from nbgrader.preprocessors import ClearSolutions


class KeepStubs(ClearSolutions):  # type: ignore[misc]
    """Clear solutions in the cells that an instructor adds; our own hold none, but stubs of their own."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        if "exercise" in cell.metadata:
            return cell, resources
        cleared: tuple[Any, Any] = super().preprocess_cell(cell, resources, cell_index)
        return cleared
