"""Nodes of a Ray cluster on loopback, on a machine that may have much else to do.

Ray gives the helpers of a node 15 seconds to say on which ports they listen, and the node 30 to be known; nothing sets
that. So the ports are chosen and written down here before a node starts, and it is asked after for longer.
"""

import socket
import time
from pathlib import Path

from ray._private import ray_constants, services, utils
from ray.cluster_utils import Cluster

HERE = "127.0.0.1"
SECONDS = 300
NODE = {"num_cpus": 2, "node_ip_address": HERE, "object_store_memory": 80_000_000, "include_dashboard": False}
_SLOW = {
    "RAY_agent_register_timeout_ms": f"{SECONDS}000",
    "RAY_worker_register_timeout_seconds": f"{SECONDS}",
    "RAY_gcs_server_port_wait_time_s": f"{SECONDS}",
    "RAY_raylet_start_wait_time_s": f"{SECONDS}",
    "RAY_health_check_initial_delay_ms": "60000",
    "RAY_health_check_timeout_ms": "60000",
}


def started(*, count: int) -> Cluster:
    """Start a cluster; its address is that of loopback."""
    cluster = Cluster()
    for _ in range(count):
        cluster.add_node(**NODE, **dict(zip(_NAMES, _free_ports(len(_NAMES)), strict=True)))
    return cluster


_NAMES = ("dashboard_agent_listen_port", "runtime_env_agent_port")


def patient(patch) -> None:
    """Let nodes take their time, without a dashboard, and loopback be loopback."""
    for name, value in _SLOW.items():
        patch.setenv(name, value)
    patch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)  # or ray.init makes loopback the machine's address
    patch.setattr(ray_constants, "RAY_DASHBOARD_STARTUP_TIMEOUT_S", SECONDS)
    patch.setattr(utils, "get_dashboard_dependency_error", lambda: ImportError("not wanted"))
    known, start = services.get_node, services.start_raylet

    def get_node(*given):
        until = time.monotonic() + SECONDS
        while True:
            try:
                return known(*given)
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def start_raylet(*given, **more):
        node, session = given[2], Path(given[11])
        chosen = {name: more[name] for name in _NAMES}
        for name, port in {**chosen, "metrics_agent_port": -1, "metrics_export_port": -1}.items():
            (session / f"{name}_{node}").write_text(str(port))
        return start(*given, **more)

    patch.setattr(services, "get_node", get_node)
    patch.setattr(services, "start_raylet", start_raylet)


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind((HERE, 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
