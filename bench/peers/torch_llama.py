"""PyTorch + transformers, answering requests line by line (JSON on stdin and stdout); see ../worker.ts."""

import json
import resource
import sys
import time

import torch
import transformers
from safetensors.torch import load_file

from torch_throughput import throughput

transformers.logging.set_verbosity_error()


def llama(configuration, checkpoint, threads):
    torch.set_num_threads(threads)
    config = transformers.LlamaConfig(
        hidden_size=configuration["hiddenSize"],
        intermediate_size=configuration["intermediateSize"],
        num_hidden_layers=configuration["layers"],
        num_attention_heads=configuration["heads"],
        num_key_value_heads=configuration["heads"],
        vocab_size=configuration["vocabularySize"],
        tie_word_embeddings=configuration["tiedEmbeddings"],
        rms_norm_eps=1e-5,
        max_position_embeddings=4096,
        attn_implementation="sdpa",
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    model = transformers.LlamaForCausalLM(config)
    model.load_state_dict(load_file(checkpoint + "/model.safetensors"), strict=False)
    model.tie_weights()
    return model


class Worker:
    def setup(self, configuration, checkpoint, threads, device, task, learningRate):
        self.configuration = configuration
        self.device = "cuda" if device == "gpu" else "cpu"
        self.model = llama(configuration, checkpoint, threads).to(self.device)
        if task == "train":
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=learningRate, weight_decay=0.0, fused=True)
        return {"versions": f"PyTorch {torch.__version__} on {self.device}, transformers {transformers.__version__}"}

    def train(self, tokens, labels):
        shape = (self.configuration["rows"], self.configuration["length"])
        tokens = torch.tensor(tokens, device=self.device).reshape(shape)
        labels = torch.tensor(labels, device=self.device).reshape(shape)
        start = time.perf_counter()
        loss = self.model(input_ids=tokens, labels=labels, use_cache=False).loss
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        return {"milliseconds": (time.perf_counter() - start) * 1000, "loss": value}

    def throughput(self):
        return throughput(self.device)

    def generate(self, texts, tokens, newTokens):
        prompt = torch.tensor(tokens, device=self.device)
        start = time.perf_counter()
        with torch.inference_mode():
            answer = self.model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=newTokens,
                min_new_tokens=newTokens,
                do_sample=False,
            )
        milliseconds = (time.perf_counter() - start) * 1000
        return {"milliseconds": milliseconds, "tokens": answer[:, prompt.shape[1] :].flatten().tolist()}

    def memory(self):
        return {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


worker = Worker()
for line in sys.stdin:
    request = json.loads(line)
    answer = getattr(worker, request.pop("do"))(**request)
    print(json.dumps(answer), flush=True)
