import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startWorker, type Worker } from "./worker.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** TensorFlow.js on one of its backends, run from the sources. */
export function startTensorFlowJs(backend: string): Worker {
  const parameters = ["--import", "tsx", "--conditions=@mlan/source", here("peers/tfjs-llama.ts"), backend];
  return startWorker(backend, process.execPath, parameters);
}

/** PyTorch, or undefined with the reason printed where there is none. */
export function startTorch(modules: readonly string[] = []): Worker | undefined {
  const local = here("../.venv/bin/python");
  const python = process.env["MLAN_PYTHON"] ?? (existsSync(local) ? local : "python3");
  const needed = ["torch", "transformers", "safetensors", ...modules];
  const { status, stderr } = spawnSync(python, ["-c", `import ${needed.join()}`], { encoding: "utf8" });
  if (status === 0) return startWorker("PyTorch", python, [here("peers/torch_llama.py")]);
  const reason = stderr?.trim().split("\n").at(-1) ?? "it could not be started";
  console.log(
    `PyTorch is left out: ${python}: ${reason}. Put ${needed.join(", ")} into a virtual environment at .venv, ` +
      "or name a Python that has them in MLAN_PYTHON.",
  );
  return undefined;
}
