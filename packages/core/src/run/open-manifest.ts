import { pathOf } from "@mlan/errors";
import { differencesOf } from "./differences.ts";
import { MlanError } from "../errors.ts";
import { type Experiment, planOf } from "./experiment.ts";
import { leftWithoutManifest, replaceableRun, setAside, settleAside } from "./fresh-start.ts";
import type { ExperimentPlan, Manifest, StageStatus } from "./manifest.ts";
import { versionsOf } from "../scope/plugin.ts";
import type { Contents } from "./preflight.ts";
import type { RunFolder } from "./run-folder.ts";
import { currentPlan, templatesIn, withTemplates } from "./stored-recipe.ts";

export interface OpenedManifest {
  readonly manifest: Manifest;
  /** The run to be replaced. Absent when there is none. */
  readonly replaced?: Manifest;
}

/** Whether an earlier run in the folder is replaced; "if-changed" replaces it only when it cannot be continued. */
export type Fresh = boolean | "if-changed";

/**
 * Returns the manifest of the run to continue, or a new one that is not written yet. Throws `run-folder` for a folder
 * that cannot be used.
 */
export async function openManifest(experiment: Experiment, folder: RunFolder, fresh: Fresh): Promise<OpenedManifest> {
  const plan = planOf(experiment);
  const found = fresh === true ? await replaceableRun(folder) : await folder.readManifest();
  const stages = experiment.stages.map(({ name }) => name);
  const left = found ? undefined : await leftWithoutManifest(folder, stages);
  if (left !== undefined) {
    throw new MlanError(
      "run-folder",
      `${pathOf(folder.url)} contains ${left} but no manifest.json, so its weights and data are unknown. Restore manifest.json, or ${folder.otherwise}.`,
    );
  }
  if (!found || fresh === true) {
    const versions = await versionsOf(experiment.use);
    const named = experiment.use.flatMap(({ name, places }) => (places ? [[name, places] as const] : []));
    const manifest: Manifest = {
      formatVersion: 2,
      plan,
      versions,
      ...(named.length > 0 && { places: Object.fromEntries(named) }),
      created: new Date().toISOString(),
      stages: {},
    };
    return { manifest, ...(found && { replaced: found }) };
  }
  if (isRunOf(plan, found)) return { manifest: found };
  if (fresh === "if-changed") return openManifest(experiment, folder, true);
  const problem =
    found.formatVersion === 1
      ? "was written by an earlier version of mlan, which did not record what its run read; it cannot be continued"
      : `contains a run of another experiment: ${differenceOf(found, plan)}`;
  throw new MlanError(
    "run-folder",
    `${pathOf(folder.url)} ${problem}. Run in a different folder, or replace it with \`fresh: true\` (--fresh on the command line).`,
  );
}

/**
 * Describes the first difference between a run's plan and the plan of an experiment; undefined when the experiment can
 * continue the run.
 */
function differenceOf({ plan: before }: Manifest, plan: ExperimentPlan): string | undefined {
  const stored = currentPlan(before);
  // Which template a recipe without one has is known once the model has been inspected, and compared then.
  const templates = templatesIn(stored);
  return differencesOf(
    stored,
    withTemplates(plan, (stage) => templates.get(stage)),
    "experiment",
  )[0];
}

/** Whether a run was started with this plan, so that it can be continued while its inputs are the same. */
export function isRunOf(plan: ExperimentPlan, manifest: Manifest): boolean {
  return manifest.formatVersion !== 1 && differenceOf(manifest, plan) === undefined;
}

/**
 * Writes the manifest with the content of the run's inputs, and calls `copyStages` with it and with the folder of the
 * replaced run. Then removes the replaced run, or restores it if writing fails. Returns what `copyStages` returns.
 */
export async function keepManifest(
  folder: RunFolder,
  { manifest, replaced }: OpenedManifest,
  { model, tuningTemplate, notices, data }: Contents,
  copyStages: (manifest: Manifest, replaced: URL | undefined) => Promise<Manifest>,
): Promise<Manifest> {
  const stages = Object.entries(manifest.stages).map(([name, status]): [string, StageStatus] => {
    const now = data.get(name);
    return [name, now ? { ...status, data: now } : status];
  });
  const found = { ...(model && { model }), ...(notices.length > 0 && { notices }) };
  const plan = withTemplates(manifest.plan, () => tuningTemplate);
  const next: Manifest = { ...manifest, plan, ...found, stages: Object.fromEntries(stages) };
  try {
    const aside = replaced && (await setAside(folder, replaced));
    await folder.writeManifest(next);
    return await copyStages(next, aside);
  } finally {
    if (replaced) await settleAside(folder);
  }
}
