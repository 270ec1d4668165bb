"""Tools for those who write the book: run notebooks, and check chapters and built pages."""
