"""Makes the engine fast and complete.  Nothing here has to be read to understand backpropagation."""
