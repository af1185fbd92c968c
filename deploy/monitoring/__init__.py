"""Grafana dashboards and Prometheus rules, generated for a configuration's metric prefix and limits."""
