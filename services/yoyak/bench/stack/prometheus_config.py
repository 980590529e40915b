"""What the Prometheus of a host reads: the base file, and with a hub that it writes there too."""

import json

from yoyak.bench.stack.hub import CERTIFICATE, PASSWORD, Hub

# Rules are the hub's to evaluate, over all hosts; the same results from here would come twice.
OWN_RESULTS = "ALERTS|ALERTS_FOR_STATE|yoyak_alert_threshold|[a-z_]+:.*"


def prometheus_configuration(base: str, hub: Hub | None, *, rules: str, secrets: str) -> str:
    """Return the text of prometheus.yml.

    Args:
        base: the file of a host without a hub.
        hub: None without one.
        rules: folder of the base file, whose relative paths are made absolute.
        secrets: folder with the hub's password and certificate, as Prometheus sees it.
    """
    text = "".join(
        line.replace("- ", f"- {rules}/", 1) if _is_rule_path(line) else line
        for line in base.splitlines(keepends=True)
    )
    if hub is None:
        return text
    text = text.replace(
        "global:\n", f"global:\n  external_labels:\n    host: {json.dumps(hub.host)}\n", 1
    )
    lines = [
        "",
        "remote_write:",
        "  - name: hub",
        f"    url: {json.dumps(hub.url)}",
        "    send_exemplars: true",
    ]
    if hub.sigv4_region is None:
        lines += [
            "    basic_auth:",
            f"      username: {json.dumps(hub.user)}",
            f"      password_file: {secrets}/{PASSWORD}",
        ]
    else:
        lines += ["    sigv4:", f"      region: {json.dumps(hub.sigv4_region)}"]
    if hub.has_certificate:
        lines += ["    tls_config:", f"      ca_file: {secrets}/{CERTIFICATE}"]
    lines += [
        "    write_relabel_configs:",
        "      - source_labels: [__name__]",
        f"        regex: {json.dumps(OWN_RESULTS)}",
        "        action: drop",
    ]
    return text + "\n".join(lines) + "\n"


def _is_rule_path(line: str) -> bool:
    return line.strip().startswith(("- rules/", "- thresholds/"))
