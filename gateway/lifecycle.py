"""What the process tells the application: that it will stop, and that its configuration changed."""

from dataclasses import dataclass

from gateway.reload import Reloader


@dataclass(slots=True)
class Lifecycle:
    """Joins the server process with the application; `draining` makes readiness say no."""

    reloader: Reloader
    draining: bool = False
