"""Approaches side by side: their answers, their time, how much they agree."""
