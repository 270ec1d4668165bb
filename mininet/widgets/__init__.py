"""The course's explorers: pictures with sliders and buttons. Built in the chapter "intro".

They come alive in JupyterLab; a page without a kernel shows each one's still
picture. ipywidgets is imported inside the functions: importing this package costs nothing.
"""
