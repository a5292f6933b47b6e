"""Loads a sharded checkpoint to float32 as transformers would, for ../open.ts."""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open

NAME = "model.layers.3.mlp.down_proj.weight"


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    folder = Path(request["folder"])
    before, time_before, processor = resident(), time.perf_counter(), time.process_time()
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    tensors = {}
    for shard in sorted(set(index["weight_map"].values())):
        with safe_open(folder / shard, framework="pt") as file:
            for name in file.keys():
                tensors[name] = file.get_tensor(name).float()
    seconds = time.perf_counter() - time_before
    answer = {
        "seconds": seconds,
        "processorSeconds": time.process_time() - processor,
        "resident": resident() - before,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before,
        "sum": tensors[NAME].double().sum().item(),
    }
    print(json.dumps(answer), flush=True)
