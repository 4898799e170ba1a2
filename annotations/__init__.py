"""The judging: prompts, responses, rounds, assignments, judgements, and releases of them."""
