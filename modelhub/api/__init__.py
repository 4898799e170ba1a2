"""The API of prompts, models, generation and training; the same services as the pages."""
