"""What viewers report: a report joins the open case about its subject, or opens one."""
