"""What a fault must not do: lose what was acknowledged, fill a seat twice, pay twice."""
