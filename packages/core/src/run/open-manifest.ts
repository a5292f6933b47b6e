import { pathOf } from "@mlan/errors";
import { differencesOf } from "./differences.ts";
import { MlanError } from "../errors.ts";
import { type Experiment, planOf } from "./experiment.ts";
import { leftWithoutManifest, replaceableRun, setAside, settleAside } from "./fresh-start.ts";
import type { Manifest, StageStatus } from "./manifest.ts";
import { versionsOf } from "../scope/plugin.ts";
import type { Contents } from "./preflight.ts";
import type { RunFolder } from "./run-folder.ts";
import { currentPlan, templatesIn, withTemplates } from "./stored-recipe.ts";

export interface OpenedManifest {
  readonly manifest: Manifest;
  /** The run to be replaced. Absent when there is none. */
  readonly replaced?: Manifest;
}

/**
 * Returns the manifest of the run to continue, or a new one that is not written yet. Throws `run-folder` for a folder
 * that cannot be used.
 */
export async function openManifest(experiment: Experiment, folder: RunFolder, fresh: boolean): Promise<OpenedManifest> {
  const plan = planOf(experiment);
  const found = fresh ? await replaceableRun(folder) : await folder.readManifest();
  const stages = experiment.stages.map(({ name }) => name);
  const left = found ? undefined : await leftWithoutManifest(folder, stages);
  if (left !== undefined) {
    throw new MlanError(
      "run-folder",
      `${pathOf(folder.url)} contains ${left} but no manifest.json, so its weights and data are unknown. Restore manifest.json, or run in a different folder.`,
    );
  }
  if (!found || fresh) {
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
  if (found.formatVersion === 1) {
    throw new MlanError(
      "run-folder",
      `${pathOf(folder.url)} was written by an earlier version of mlan, which did not record what its run read; it cannot be continued. Run in a different folder, or replace it with \`fresh: true\` (--fresh on the command line).`,
    );
  }
  const stored = currentPlan(found.plan);
  // The default template is known, and compared, only after the model has been inspected.
  const templates = templatesIn(stored);
  const planned = withTemplates(plan, (stage) => templates.get(stage));
  const [difference] = differencesOf(stored, planned, "experiment");
  if (difference === undefined) return { manifest: found };
  throw new MlanError(
    "run-folder",
    `${pathOf(folder.url)} contains a run of another experiment: ${difference}. Run in a different folder, or replace it with \`fresh: true\` (--fresh on the command line).`,
  );
}

/**
 * Writes the manifest with the content of the run's inputs. Then removes the replaced run, or restores it if writing
 * fails.
 */
export async function keepManifest(
  folder: RunFolder,
  { manifest, replaced }: OpenedManifest,
  { model, tuningTemplate, notices, data }: Contents,
): Promise<Manifest> {
  const stages = Object.entries(manifest.stages).map(([name, status]): [string, StageStatus] => {
    const now = data.get(name);
    return [name, now ? { ...status, data: now } : status];
  });
  const found = { ...(model && { model }), ...(notices.length > 0 && { notices }) };
  const plan = withTemplates(manifest.plan, () => tuningTemplate);
  const next: Manifest = { ...manifest, plan, ...found, stages: Object.fromEntries(stages) };
  try {
    if (replaced) await setAside(folder, replaced);
    await folder.writeManifest(next);
  } finally {
    if (replaced) await settleAside(folder);
  }
  return next;
}
