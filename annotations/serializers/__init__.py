"""Serializers of the API of this app."""
