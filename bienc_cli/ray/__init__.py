"""Indexing with the work done by a Ray cluster; everything else stays the same."""

from bienc_cli.ray.cluster import connected
from bienc_cli.ray.workers import ModelLoader, on_ray

__all__ = ["ModelLoader", "connected", "on_ray"]
