"""Models: who wrote a response, generation, training, and the comparison of child and parent."""
