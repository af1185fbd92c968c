"""The typed configuration: schema of the YAML, its loader, calendars and the shipped limits and scenarios."""
