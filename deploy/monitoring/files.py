"""All files that are generated for one configuration, by their path under the output folder."""

from config.schema import Config
from deploy.monitoring.alert import RUNBOOK
from deploy.monitoring.dashboards.enforcement import enforcement
from deploy.monitoring.dashboards.frame import Dashboard, dashboard_json
from deploy.monitoring.dashboards.limits import limits
from deploy.monitoring.dashboards.overview import overview
from deploy.monitoring.dashboards.service import service
from deploy.monitoring.dashboards.stress import stress
from deploy.monitoring.names import metric_prefix, with_prefix
from deploy.monitoring.rules import ALERTS_FILE, RECORDS_FILE, alert_rules_yaml, record_rules_yaml


def dashboards(config: Config) -> tuple[Dashboard, ...]:
    """Return the five dashboards, in the order in which one looks at them."""
    return overview(config), limits(config), stress(config), enforcement(config), service()


def monitoring_files(config: Config, runbooks: str = RUNBOOK) -> dict[str, str]:
    """Return the text of every generated file by its relative path; the same configuration gives the same bytes."""
    prefix = metric_prefix(config.metrics)
    files = {
        f"prometheus/{RECORDS_FILE}": record_rules_yaml(config),
        f"prometheus/{ALERTS_FILE}": alert_rules_yaml(config, runbooks),
    }
    for declared in dashboards(config):
        files[f"grafana/dashboards/{declared.uid}.json"] = with_prefix(dashboard_json(declared), prefix)
    return files
