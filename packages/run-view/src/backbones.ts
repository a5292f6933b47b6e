import type { ExperimentPlan } from "@mlan/core";
import type { LoadedRun } from "./loaded-run.ts";

/**
 * Returns a name for the backbone of each run if the runs have different backbones, and otherwise no names. Runs have
 * the same backbone if they began with the same model files.
 */
export function backbonesOf(runs: readonly LoadedRun[]): ReadonlyMap<LoadedRun, string> {
  const keys = new Map(runs.flatMap((loaded) => (loaded.run ? [[loaded, keyOf(loaded)] as const] : [])));
  const all = new Map([...keys].map(([loaded, key]) => [key, loaded]));
  if (all.size < 2) return new Map();
  const plugins = [...all.values()].map(pluginOf);
  const names = [...all].map(([key, loaded], place): [string, string] => {
    const plugin = pluginOf(loaded);
    if (plugins.filter((one) => one === plugin).length === 1) return [key, plugin];
    const { files = {}, digest = "" } = modelOf(loaded) ?? {};
    return [key, `${plugin} ${Object.keys(files).length > 0 ? digest.slice(0, 8) : place + 1}`];
  });
  const known = new Map(names);
  return new Map([...keys].map(([loaded, key]) => [loaded, known.get(key) ?? key]));
}

/**
 * The plugins of a plan that open models. The manifest does not record which do, but their packages are named
 * `model-*`.
 */
export function modelPluginsIn({ plugins }: ExperimentPlan): ExperimentPlan["plugins"] {
  return plugins.filter(({ name }) => /(?:^|\/)(?:[\w.-]+-)?model-/.test(name));
}

/** Settings such as an adapter are not part of a backbone, and decide only where no files are known. */
function keyOf(loaded: LoadedRun): string {
  const { files = {}, digest } = modelOf(loaded) ?? {};
  if (Object.keys(files).length > 0) return JSON.stringify(digest);
  return JSON.stringify([digest, ...(loaded.run ? modelPluginsIn(loaded.run.manifest.plan) : [])]);
}

/** The name of the run's model plugin without its scope, e.g. "llama2" for `@mlan/model-llama2`. */
function pluginOf({ run }: LoadedRun): string {
  const [plugin] = run ? modelPluginsIn(run.manifest.plan) : [];
  return plugin?.name.replace(/^.*\//, "").replace(/^model-/, "") ?? "model";
}

function modelOf({ run }: LoadedRun) {
  return run?.manifest.model;
}
