"""Trains an adapter of peft on a checkpoint in a dtype, for ../lora-step.ts."""

import json
import resource
import sys
import time

import torch
import transformers
from peft import LoraConfig, get_peft_model

transformers.logging.set_verbosity_error()
dtype = getattr(torch, sys.argv[1])

for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    base = transformers.LlamaForCausalLM.from_pretrained(request["folder"], dtype=dtype)
    rank = request["rank"]
    model = get_peft_model(base, LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear"))
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=2e-4, weight_decay=0.0)
    tokens = torch.randint(3, 32_000, (1, request["length"]), generator=torch.Generator().manual_seed(1))
    labels = tokens.clone()
    labels[:, : request["prompt"]] = -100
    losses, seconds = [], []
    for _ in range(request["steps"] + 1):
        start = time.perf_counter()
        loss = model(input_ids=tokens, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    result = {
        "secondsPerStep": seconds[1:],
        "losses": losses,
        "parameters": sum(parameter.numel() for parameter in parameters),
        "supervised": int((labels != -100).sum()),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(result), flush=True)
