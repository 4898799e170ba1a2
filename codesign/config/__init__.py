"""Settings, addresses, the supervisor: what wires the apps together."""
