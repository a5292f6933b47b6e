import type { DataRecord } from "@mlan/core";
import { modelPluginsIn } from "./backbones.ts";
import type { LoadedRun } from "./loaded-run.ts";
import type { DatasetView, Provenance, WeightsView } from "./view-provenance.ts";

/** Returns the data, weights, versions, seeds, plans and commands of the runs. */
export function provenanceOf(runs: readonly LoadedRun[]): Provenance {
  return {
    datasets: datasetsOf(runs),
    weights: weightsOf(runs),
    versions: versionsOf(runs),
    seeds: [...new Set(runs.map(({ seed }) => seed))].filter(Number.isFinite),
    plans: runs.flatMap(({ id, run }) => {
      if (!run) return [];
      const { plugins, stages } = run.manifest.plan;
      return [{ run: id, plugins, stages }];
    }),
    reproduce: [...new Set(runs.flatMap(commandsOf))],
  };
}

function commandsOf({ run }: LoadedRun): readonly string[] {
  return Object.values(run?.manifest.stages ?? {}).flatMap(({ command }) => command ?? []);
}

/** Returns the datasets of all runs. Datasets with equal names and contents become one entry. */
function datasetsOf(runs: readonly LoadedRun[]): readonly DatasetView[] {
  const found = new Map<string, DatasetView>();
  for (const { run } of runs) {
    for (const { name: stage, kind } of run?.manifest.plan.stages ?? []) {
      for (const [name, record] of Object.entries(run?.manifest.stages[stage]?.data ?? {})) {
        const role = kind === "train" ? "training" : "benchmark";
        const key = JSON.stringify([name, record.fingerprint, role]);
        const stages = [...new Set([...(found.get(key)?.stages ?? []), stage])];
        found.set(key, { ...datasetOf(name, role, record), stages });
      }
    }
  }
  return [...found.values()];
}

function datasetOf(name: string, role: DatasetView["role"], record: DataRecord): Omit<DatasetView, "stages"> {
  const { fingerprint, examples, sources = [] } = record;
  return { name, role, fingerprint, ...(examples && { examples }), sources };
}

function weightsOf(runs: readonly LoadedRun[]): readonly WeightsView[] {
  const found = new Map<string, WeightsView>();
  for (const { run } of runs) {
    const { plan, model, places = {} } = run?.manifest ?? {};
    const models = plan ? modelPluginsIn(plan) : [];
    for (const plugin of plan?.plugins ?? []) {
      const { name, settings = null } = plugin;
      if (!models.includes(plugin) && places[name] === undefined) continue;
      found.set(JSON.stringify([name, settings, model?.digest]), {
        plugin: name,
        settings,
        places: places[name] ?? {},
        ...(model && { digest: model.digest }),
        files: model?.files ?? {},
      });
    }
  }
  return [...found.values()];
}

function versionsOf(runs: readonly LoadedRun[]): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, Set<string>>();
  for (const { run } of runs) {
    for (const [name, version] of Object.entries(run?.manifest.versions ?? {})) {
      found.set(name, (found.get(name) ?? new Set()).add(version));
    }
  }
  return Object.fromEntries([...found].map(([name, versions]) => [name, [...versions]]));
}
