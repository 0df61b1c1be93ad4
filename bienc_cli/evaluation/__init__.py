"""Evaluation: strategies side by side, their answers, time, agreement and measured quality."""
