"""Search document folders by meaning, locally.

The commands are thin; each calls one function that a notebook can call too:
`bienc_cli.indexing.index_paths`, `bienc_cli.search.search`, `bienc_cli.evaluation.compare`.
"""

__version__ = "0.1.0"
