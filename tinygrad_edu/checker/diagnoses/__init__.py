"""Why an answer is wrong: what it is consistent with.  Read ``search`` first."""
