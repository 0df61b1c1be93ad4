"""The front door for scripts and notebooks, and its answers.

Nothing is imported here: a command imports the module that it needs, and
`from bienc_cli import Index` the rest.
"""
