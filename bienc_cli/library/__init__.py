"""The library interface for scripts and notebooks, and the answers it returns.

Nothing is imported here: a command imports the module that it needs, and `from bienc_cli import
Index` the rest.
"""
