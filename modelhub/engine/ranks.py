"""Training in several processes, which `torchrun` or `accelerate launch` starts: one for each GPU.

All of them compute. Only the first, of rank 0, locks the folder, reports and saves. Started
otherwise, there is one process, and these functions do nothing.
"""

import os


def rank() -> int:
    """Return the number of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    """Return the number of processes."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def meet() -> None:
    """Wait until all processes have called this."""
    if count() > 1:
        import torch
        from accelerate import PartialState

        PartialState(cpu=not torch.cuda.is_available()).wait_for_everyone()


def any_of(flag: bool) -> bool:
    """Return whether the flag is set in any process. All processes must call this together.

    If only one process stopped, the others would wait for it forever.
    """
    if count() == 1:
        return flag
    import torch
    import torch.distributed as dist

    device = "cuda" if torch.cuda.is_available() else "cpu"
    flags = torch.tensor([int(flag)], device=device)
    dist.all_reduce(flags, op=dist.ReduceOp.MAX)
    return bool(flags.item())
