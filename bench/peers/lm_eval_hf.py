"""lm-evaluation-harness with its model `hf`, answering requests line by line; see ../evaluation/evaluation-worker.ts."""

import contextlib
import io
import json
import logging
import os
import sys
import time

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
answers = sys.stdout
sys.stdout = sys.stderr  # imports and lm-eval print too, and must not mix with the answers

import datasets
import lm_eval
import torch
import transformers
from lm_eval.evaluator import evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from torch_throughput import throughput

transformers.logging.set_verbosity_error()
logging.disable(logging.WARNING)


def configuration(task, stop, new_tokens):
    rows = [{key: question[key] for key in ("id", "prompt", "target")} for question in task["questions"]]
    return {
        "task": task["name"],
        "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(rows)},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "prompt",
        "doc_to_target": "target",
        "generation_kwargs": {"until": stop, "max_gen_toks": new_tokens, "do_sample": False},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, "ignore_case": True}],
    }


class Worker:
    def setup(self, checkpoint, tasks, stop, maximumNewTokens, threads):
        torch.set_num_threads(threads)
        self.model = HFLM(pretrained=checkpoint, device="cpu", dtype="float32", batch_size="auto", add_bos_token=False)
        with open(tasks) as file:
            self.tasks = [configuration(task, stop, maximumNewTokens) for task in json.load(file)]
        self.loaded = TaskManager(include_defaults=False).load(self.tasks)
        prompts = [row["prompt"] for task in self.tasks for row in task["custom_dataset"]()["test"]]
        self.positions = sum(len(self.model.tok_encode(prompt)) for prompt in prompts)
        versions = f"lm-eval {lm_eval.__version__}, transformers {transformers.__version__}, PyTorch {torch.__version__}"
        return {"versions": versions}

    def throughput(self):
        return throughput()

    def detect(self, measure):
        """Does what `batch_size="auto"` does at the beginning of every run; later runs here keep the batch size found."""
        start = time.perf_counter()
        # The largest that it tries, which it finds if there is enough memory.
        rows = self.model._detect_batch_size() if measure else self.model.max_batch_size
        self.model.batch_size_per_gpu = rows
        return {"milliseconds": (time.perf_counter() - start) * 1000, "rows": rows}

    def evaluate(self):
        start, processor = time.perf_counter(), time.process_time()
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars
            results = evaluate(self.model, self.loaded, bootstrap_iters=0, log_samples=True)
        milliseconds = (time.perf_counter() - start) * 1000
        processor_milliseconds = (time.process_time() - processor) * 1000
        texts = {
            sample["doc"]["id"]: sample["resps"][0][0] for samples in results["samples"].values() for sample in samples
        }
        return {
            "milliseconds": milliseconds,
            "processorMilliseconds": processor_milliseconds,
            "answers": texts,
            "promptPositions": self.positions,
        }


worker = Worker()
for line in sys.stdin:
    request = json.loads(line)
    answer = getattr(worker, request.pop("do"))(**request)
    print(json.dumps(answer), file=answers, flush=True)
