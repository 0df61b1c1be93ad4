"""An index in Milvus: the same protocol, kept by a server or by the embedded Milvus Lite.

`pymilvus` is imported when an address is opened and not before; see `docs/milvus.md` for what
is stored and when it becomes visible.
"""
