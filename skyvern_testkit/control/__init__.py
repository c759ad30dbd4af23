"""Scripting a served fake from another process: the desk that takes the orders, and the client that gives them."""
