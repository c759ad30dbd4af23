"""Thin fronts of the fake: httpx transports, interception, delivery of effects, and all of it at hand in one process."""
