"""The surroundings of a call: its caller, variables, settings files, and which index is meant.

Commands and the library get these only from here, so that both mean the same index and models.
"""
