import { spawnSync } from "node:child_process";
import type { Precision } from "@mlan/backend-tensorflow";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type LineProcess, startLineProcess } from "./line-process.ts";
import { type Worker, workerOf } from "./worker.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Starts this project on a backend of TensorFlow.js, from the sources. `precision` applies to the backend "tensorflow".
 */
export function startMlan(backend: string, precision: Precision = "float32"): Worker {
  return workerOf(startSource(backend, "peers/mlan-model.ts", [backend, precision]));
}

/** Starts PyTorch. If it is not available, prints the reason and returns undefined. */
export function startTorch(): Worker | undefined {
  const needed = ["torch", "transformers", "safetensors"];
  const torch = startPython("PyTorch", "peers/torch_llama.py", needed);
  return torch && workerOf(torch);
}

/** Runs a TypeScript file of this folder as a process. */
export function startSource(name: string, file: string, parameters: readonly string[] = []): LineProcess {
  const source = ["--import", "tsx", "--conditions=@mlan/source", here(file), ...parameters];
  return startLineProcess(name, process.execPath, source);
}

/** Runs a Python file of this folder as a process. If a module is missing, prints the reason and returns undefined. */
export function startPython(
  name: string,
  file: string,
  modules: readonly string[],
  parameters: readonly string[] = [],
): LineProcess | undefined {
  const local = here("../.venv/bin/python");
  const python = process.env["MLAN_PYTHON"] ?? (existsSync(local) ? local : "python3");
  const { status, stderr } = spawnSync(python, ["-c", `import ${modules.join()}`], { encoding: "utf8" });
  if (status === 0) return startLineProcess(name, python, [here(file), ...parameters]);
  const reason = stderr?.trim().split("\n").at(-1) ?? "it could not be started";
  console.log(
    `${name} is skipped: ${python}: ${reason}. Install ${modules.join(", ")} into a virtual environment at .venv, ` +
      "or set MLAN_PYTHON to a Python that has them; see bench/README.md.",
  );
  return undefined;
}
