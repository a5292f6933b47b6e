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
    gigaflops = 2 * 2048 * 1024 * 1024 / fastest / 1e9
    return {"gigaflops": gigaflops, "gigabytes": [few_rows(rows, device) for rows in (1, 8)]}


def few_rows(rows, device):
    """10^9 bytes of weights per second, read by products of `rows` rows with 64 matrices."""
    matrices = [torch.rand(2048, 768, device=device) for _ in range(64)]
    given = torch.rand(rows, 768, device=device)
    fastest = float("inf")
    with torch.inference_mode():
        for _ in range(8):
            start = time.perf_counter()
            for matrix in matrices:
                result = torch.nn.functional.linear(given, matrix)
            result[0, 0].item()
            fastest = min(fastest, time.perf_counter() - start)
    return 64 * 2048 * 768 * 4 / fastest / 1e9
