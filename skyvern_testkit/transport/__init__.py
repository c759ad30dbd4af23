"""Thin fronts of the fake: httpx transports, interception, delivery of effects, all at hand in one process."""
