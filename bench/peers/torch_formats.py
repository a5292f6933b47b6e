"""Opens a checkpoint with transformers in a dtype and answers, for ../weight-formats.ts."""

import json
import resource
import sys
import time

import torch
import transformers

transformers.logging.set_verbosity_error()
dtype = getattr(torch, sys.argv[1])

for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    start = time.perf_counter()
    model = transformers.LlamaForCausalLM.from_pretrained(request["folder"], dtype=dtype)
    model.generation_config.eos_token_id = None
    open_seconds = time.perf_counter() - start

    def answer(token, count, new_tokens):
        ids = torch.full((1, count), token)
        began = time.perf_counter()
        with torch.inference_mode():
            made = model.generate(ids, do_sample=False, min_new_tokens=new_tokens, max_new_tokens=new_tokens, pad_token_id=0)
        assert made.shape[1] == count + new_tokens
        return time.perf_counter() - began

    count = 5
    answer(10, count, request["newTokens"])
    short = answer(11, count, 1)
    long = answer(11, count, request["newTokens"])
    length = 2 * request["words"]
    prompt = answer(12, length, 1)
    result = {
        "openSeconds": open_seconds,
        "promptLength": length,
        "promptSeconds": prompt,
        "secondsPerToken": (long - short) / (request["newTokens"] - 1),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(result), flush=True)
