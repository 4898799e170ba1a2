"""Serializers of the API of models and prompts."""
