"""Training steps and greedy decoding of the same Llama on PyTorch alone: torch_llama.py train|decode <request as JSON>"""

import json
import sys
import time


def report(**line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


def missing(reason):
    report(kind="missing", reason=reason)
    sys.exit(0)


try:
    import torch
    import torch.nn.functional as F
except ImportError:
    missing("python3 here has no torch")

task, request = sys.argv[1], json.loads(sys.argv[2])
if request["device"] == "cuda" and not torch.cuda.is_available():
    missing("torch finds no CUDA device")
device = torch.device(request["device"])
sizes = request["sizes"]
heads, dimension = sizes["heads"], sizes["hidden"] // sizes["heads"]


def read_safetensors(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header.pop("__metadata__", None)
        weights = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            file.seek(8 + size + begin)
            values = torch.frombuffer(bytearray(file.read(end - begin)), dtype=torch.float32)
            weights[name] = values.reshape(entry["shape"]).to(device)
    return weights


weights = read_safetensors(request["weights"])
frequencies = 10000.0 ** (-torch.arange(0, dimension, 2, dtype=torch.float32, device=device) / dimension)


def norm(x, name):
    return weights[name] * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + request["epsilon"]))


def rotate(x, start):
    angles = torch.outer(torch.arange(start, start + x.shape[2], device=device).float(), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    half = torch.cat([-x[..., dimension // 2 :], x[..., : dimension // 2]], dim=-1)
    return x * angles.cos() + half * angles.sin()


def hidden_states(ids, cache=None):
    """Hidden states [1, length, hidden] of ids [length]; appends the keys and values of each layer to `cache`."""
    x = weights["model.embed_tokens.weight"][ids][None]
    for layer in range(sizes["layers"]):
        prefix = f"model.layers.{layer}"
        normal = norm(x, f"{prefix}.input_layernorm.weight")
        q, k, v = (
            F.linear(normal, weights[f"{prefix}.self_attn.{part}_proj.weight"]).view(1, -1, heads, dimension).transpose(1, 2)
            for part in "qkv"
        )
        past = cache[layer] if cache is not None and layer in cache else None
        start = past[0].shape[2] if past else 0
        q, k = rotate(q, start), rotate(k, start)
        if past:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        if cache is not None:
            cache[layer] = (k, v)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=past is None)
        x = x + F.linear(attended.transpose(1, 2).reshape(1, -1, sizes["hidden"]), weights[f"{prefix}.self_attn.o_proj.weight"])
        normal = norm(x, f"{prefix}.post_attention_layernorm.weight")
        gate, up = (F.linear(normal, weights[f"{prefix}.mlp.{part}_proj.weight"]) for part in ("gate", "up"))
        x = x + F.linear(F.silu(gate) * up, weights[f"{prefix}.mlp.down_proj.weight"])
    return norm(x, "model.norm.weight")


def train():
    for weight in weights.values():
        weight.requires_grad_()
    optimizer = torch.optim.AdamW(
        list(weights.values()), lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, fused=device.type == "cuda"
    )
    ids = torch.tensor(request["ids"], device=device)
    labels = torch.tensor(request["labels"], device=device)
    for step in range(sizes["steps"]):
        # The schedule of the recipe: half a cosine over one step more than measured.
        progress = torch.pi * step / (sizes["steps"] + 1)
        optimizer.param_groups[0]["lr"] = 1e-4 * 0.5 * (1 + float(torch.cos(torch.tensor(progress))))
        start = time.perf_counter()
        logits = F.linear(hidden_states(ids)[0, :-1], weights["lm_head.weight"])
        loss = F.cross_entropy(logits, labels[1:], ignore_index=-100)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        if device.type == "cuda":
            torch.cuda.synchronize()
        report(kind="step", stage="train", loss=value, milliseconds=(time.perf_counter() - start) * 1000)


def decode():
    with torch.inference_mode():
        for _ in range(3):
            start = time.perf_counter()
            cache, tokens = {}, []
            ids = torch.tensor(request["ids"], device=device)
            while len(tokens) < sizes["newTokens"]:
                logits = F.linear(hidden_states(ids, cache)[0, -1], weights["lm_head.weight"])
                tokens.append(int(logits.argmax()))
                ids = torch.tensor(tokens[-1:], device=device)
            report(kind="decode", milliseconds=(time.perf_counter() - start) * 1000, tokens=tokens)


where = torch.cuda.get_device_name(0) if device.type == "cuda" else "the CPU"
report(kind="fact", name="PyTorch", value=f"PyTorch {torch.__version__} on {where}")
train() if task == "train" else decode()
