"""Plain values of the protocol: requests, answers, errors, times, ids, operation names.

This room touches nothing else of the kit and does no I/O.
"""
