"""Appeals: decided by somebody else than who decided first."""
