"""What runs riskd and watches it: container, systemd, Kubernetes, and the generator of dashboards and alert rules."""
