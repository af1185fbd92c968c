"""Event types, decoding and rejection, recordings and Kafka."""
