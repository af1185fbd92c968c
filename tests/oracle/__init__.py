"""A slow, independent recomputation of the risk numbers from raw events alone; it shares no code with `risk`."""
