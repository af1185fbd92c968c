"""A local Apache Kafka for tests and the demo: jars by coordinates, Java from a wheel."""
