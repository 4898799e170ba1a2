"""The shapes of what the API of models and prompts takes and gives."""
