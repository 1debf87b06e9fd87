"""The reference of operations: all that is known of each, from its own statement, tried when it is asked for."""
