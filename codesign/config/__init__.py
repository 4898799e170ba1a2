"""Settings, URLs and the supervisor: the app that connects all other apps."""
