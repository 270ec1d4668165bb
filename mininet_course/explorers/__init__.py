"""The course's explorers: pictures with sliders and buttons.

They come alive where Python runs; a page without it shows each one's still, or a plain slider over
frames. All of them need ipywidgets and matplotlib.
"""
