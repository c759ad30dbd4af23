"""One module per family of operations: request models, routes, answers. No I/O."""
