"""Turns files into documents: one small module per format, and one table of them.

To add a format, write a module with a `read(path, doc_id)` (see `table.ReadFunction`) and
add it to `table.FORMATS`.
"""
