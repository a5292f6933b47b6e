import { jsonOrUndefined } from "@mlan/core";
import { z } from "zod";
import type { InstallEnvironment } from "./install-environment.ts";
import { type LibraryAnswer, libraryAt } from "./library-at.ts";
import { runProcess } from "./run-process.ts";

// The empty path, the working folder, is skipped, because it may contain any folder named tensorflow. Nothing is
// imported.
const QUESTION = `
import importlib.util, json, sys
sys.path[:] = [path for path in sys.path if path]
spec = importlib.util.find_spec("tensorflow")
folders = list(spec.submodule_search_locations or []) if spec else []
print()
print(json.dumps({"python": sys.version.split()[0], "folders": folders}))
`;
const answerSchema = z.object({ python: z.string(), folders: z.array(z.string()) });

/** Returns the TensorFlow that a Python would import, without importing it. */
export async function pythonLibrary(
  python: string,
  environment: InstallEnvironment,
  signal?: AbortSignal,
): Promise<LibraryAnswer> {
  const { variables } = environment;
  const { status, stdout, stderr, notStarted } = await runProcess(python, ["-c", QUESTION], { variables, signal });
  if (notStarted === "ENOENT") return `there is no ${python}`;
  if (notStarted !== undefined) return `${python} cannot be started (${notStarted})`;
  if (status !== 0) return `${python} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  const answer = answerSchema.safeParse(jsonOrUndefined(stdout.trim().split("\n").at(-1) ?? ""));
  if (!answer.success) return `${python} is not a Python`;
  const [folder] = answer.data.folders;
  if (folder === undefined) return `${python} (Python ${answer.data.python}) has no package tensorflow`;
  return libraryAt(folder, environment);
}
