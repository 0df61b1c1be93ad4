"""Renders results as tables, JSON and lines. Nothing here computes anything about the domain."""
