"""How the work is laid out on the nodes of a cluster."""

from dataclasses import dataclass

from steps.errors import SlumberError


@dataclass(frozen=True)
class Layout:
    """``count`` workers, with so many ``cpus`` and ``gpus`` each."""

    count: int
    cpus: int
    gpus: int

    @property
    def resources(self) -> dict[str, float]:
        found = {"CPU": float(self.cpus)}
        return found | {"GPU": float(self.gpus)} if self.gpus else found


def layout(nodes: list[dict[str, float]], workers: int | None) -> Layout:
    """Divide nodes, given by their resources, among workers: one a GPU, else so many as fit evenly on the nodes.

    Raises:
        SlumberError: there is no room for so many.
    """
    gpus = int(sum(node.get("GPU", 0) for node in nodes))
    if gpus:
        count = workers or gpus
        if count > gpus:
            raise SlumberError(f"compute.workers is {count}, and the cluster has {gpus} GPUs: set it to fewer or null.")
        return Layout(count, cpus=1, gpus=1)
    cores = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]  # a head may have none to give
    if not cores:
        raise SlumberError("The Ray cluster has no node with a CPU to give: start one with --num-cpus (docs/scale.md).")
    count = workers or len(cores)
    for cpus in range(max(cores), 0, -1):
        if sum(core // cpus for core in cores) >= count:
            return Layout(count, cpus=cpus, gpus=0)
    raise SlumberError(f"compute.workers is {count}, and the cluster has {sum(cores)} CPUs: set it to fewer or null.")
