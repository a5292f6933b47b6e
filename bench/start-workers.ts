import { spawnSync } from "node:child_process";
import type { Precision } from "@mlan/backend-tensorflow";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type LineProcess, startLineProcess } from "./line-process.ts";
import { type Worker, workerOf } from "./worker.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** This project on a backend of TensorFlow.js, run from the sources; the precision is the backend "tensorflow"'s. */
export function startMlan(backend: string, precision: Precision = "float32"): Worker {
  return workerOf(startSource(backend, "peers/mlan-model.ts", [backend, precision]));
}

/** PyTorch, or undefined with the reason printed where there is none. */
export function startTorch(): Worker | undefined {
  const needed = ["torch", "transformers", "safetensors"];
  const torch = startPython("PyTorch", "peers/torch_llama.py", needed);
  return torch && workerOf(torch);
}

/** A TypeScript file of this folder in a process of its own. */
export function startSource(name: string, file: string, parameters: readonly string[] = []): LineProcess {
  const source = ["--import", "tsx", "--conditions=@mlan/source", here(file), ...parameters];
  return startLineProcess(name, process.execPath, source);
}

/** A Python file of this folder, or undefined with the reason printed where a module that it needs is missing. */
export function startPython(name: string, file: string, modules: readonly string[]): LineProcess | undefined {
  const local = here("../.venv/bin/python");
  const python = process.env["MLAN_PYTHON"] ?? (existsSync(local) ? local : "python3");
  const { status, stderr } = spawnSync(python, ["-c", `import ${modules.join()}`], { encoding: "utf8" });
  if (status === 0) return startLineProcess(name, python, [here(file)]);
  const reason = stderr?.trim().split("\n").at(-1) ?? "it could not be started";
  console.log(
    `${name} is left out: ${python}: ${reason}. Put ${modules.join(", ")} into a virtual environment at .venv, ` +
      "or name a Python that has them in MLAN_PYTHON; see bench/README.md.",
  );
  return undefined;
}
