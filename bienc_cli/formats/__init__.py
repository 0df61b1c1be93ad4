"""Files to documents: one small module a format, one table that names them.

To add a format, write a module with a `read(path, doc_id)` (see `table.ReadFunction`) and
add its line to `table.FORMATS`.
"""
