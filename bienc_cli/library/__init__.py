"""The front door for scripts and notebooks, and what its answers are.

Nothing is imported here: a command imports the room that it needs, `from bienc_cli import Index`
the rest.
"""
