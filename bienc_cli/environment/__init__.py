"""What a call finds around it: its caller, variables, files of settings, and which index is meant.

Commands and library take it from here alone, so that both mean the same index and models.
"""
