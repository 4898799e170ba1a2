"""Prompts, responses, rounds, assignments, judgements, and the dataset releases made of them."""
