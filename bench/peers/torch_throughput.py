"""Speed of PyTorch's matrix products alone; see ../throughput.ts."""

import time

import torch


def throughput(device="cpu"):
    left, right = torch.rand(2048, 1024, device=device), torch.rand(1024, 1024, device=device)
    fastest = float("inf")
    for _ in range(12):
        start = time.perf_counter()
        (left @ right)[0, 0].item()
        fastest = min(fastest, time.perf_counter() - start)
    return {"gigaflops": 2 * 2048 * 1024 * 1024 / fastest / 1e9}
