"""The parts that all pages share: one skeleton, one escape and one table of colours."""
