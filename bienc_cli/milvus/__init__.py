"""An index in Milvus: the same protocol, on a server or in the embedded Milvus Lite.

`pymilvus` is only imported when an address is opened; see `docs/milvus.md` for what is stored and
when it becomes visible.
"""
