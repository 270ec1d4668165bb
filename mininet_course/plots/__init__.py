"""The course's pictures: one call a picture, one palette.

Every function draws into the axes (or figure) it is given, or into a new figure
that a notebook shows at the end of the cell. matplotlib is imported inside the
functions: importing this package costs nothing.
"""
