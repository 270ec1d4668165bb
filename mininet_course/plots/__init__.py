"""The course's pictures: one call a picture, one palette.

Every function draws into the axes (or figure) it is given, or into a new figure
that a notebook shows at the end of the cell. What is written as text needs no matplotlib,
which takes seconds to import in a browser: `autograd`, `frames`, `graph`, `graph_layout`, `palette`.
"""
