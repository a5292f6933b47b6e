import {
  createScope,
  jsonOrUndefined,
  MlanError,
  type Model,
  MODEL,
  type ModelSource,
  type OpenOptions,
  pathOf,
  shownValue,
  type TrainableModel,
  trainableModel,
} from "@mlan/core";
import { openRepository } from "@mlan/hub";
import { readFile } from "node:fs/promises";
import { checkpointAt } from "../project/checkpoint-at.ts";
import { type Backend, checkPlugin, computePlugin } from "../project/compute-plugin.ts";
import { importModelLlava } from "../project/import-model-llava.ts";
import { importPlugin } from "../project/import-plugin.ts";
import { type ModelParts, modelParts } from "../project/model-parts.ts";
import { openDisplay } from "../terminal/display.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ModelRequest extends ModelParts {
  /** See {@link checkpointAt}. */
  readonly checkpoint: string;
  /** Plugin name, see {@link importPlugin}. Default: an installed plugin that can read the checkpoint. */
  readonly model?: string;
  readonly backend: Backend;
}

/** The template of weights that were not tuned on conversations. */
const UNTUNED = "plain";

/**
 * Opens a model for conversations, and shows downloads and notices. Throws `invalid-options` for a checkpoint whose
 * template has no turns unless another template is given, and the errors of opening.
 */
export async function openModel(request: ModelRequest, terminal: Terminal): Promise<TrainableModel> {
  const { model, backend, checkpoint } = request;
  const weights = await checkpointAt(checkpoint, "the checkpoint");
  const name = model ?? (await pluginFor(weights));
  const plugin = await importPlugin("model", name);
  const use = [plugin({ weights, ...modelParts(request) }), await computePlugin(backend)];
  const source = createScope(use.map(checkPlugin)).get(MODEL);
  const opened = trainableModel(await openShown(source, terminal));
  try {
    if (opened.format.template === UNTUNED) throw untuned(checkpoint, opened.tuningTemplate);
    return opened;
  } catch (error) {
    opened.dispose();
    throw error;
  }
}

async function openShown(source: ModelSource, terminal: Terminal): Promise<Model> {
  using display = openDisplay(terminal, { now: () => performance.now() });
  const options: OpenOptions = { onDownload: (progress) => display.show({ type: "download", ...progress }) };
  const { notices = [] } = (await source.inspect?.(options)) ?? {};
  for (const notice of notices) display.show({ type: "notice", notice });
  return source.open(options);
}

/**
 * Returns the name of an installed plugin that can read the checkpoint's `config.json`. If several can, they differ
 * only in their names.
 */
export async function pluginFor(weights: Awaited<ReturnType<typeof checkpointAt>>): Promise<string> {
  const file =
    weights instanceof URL
      ? new URL("config.json", weights)
      : await (await openRepository(weights)).local("config.json");
  const text = await readFile(file, "utf8").catch(async (cause: unknown) => {
    const adapter = await readFile(new URL("adapter_config.json", file)).catch(() => undefined);
    if (adapter) throw adapterAlone(new URL("./", file));
    throw new MlanError("invalid-checkpoint", `${pathOf(file)} cannot be read. Give the folder of a checkpoint.`, {
      cause,
    });
  });
  const { model_type: own, text_config: language } = Object(jsonOrUndefined(text));
  // In transformers, LLaVA has the same type for every language model.
  const type: unknown = Object(language).model_type ?? own;
  const { packagesThatRead } = await importModelLlava();
  const [found] = typeof type === "string" ? await packagesThatRead(type) : [];
  if (found !== undefined) return found;
  throw new MlanError(
    "missing-plugin",
    `no installed plugin reads ${pathOf(file)}, whose key "model_type" is ${shownValue(type)}. Install one, or give --model.`,
  );
}

function adapterAlone(folder: URL): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `${pathOf(folder)} holds an adapter, not a whole model. Give the model that it was trained on, and this folder as --adapter; ` +
      "or give --model, e.g. --model vicuna, to open it on the model that it names.",
  );
}

function untuned(checkpoint: string, tuningTemplate = "v1"): MlanError {
  return new MlanError(
    "invalid-options",
    `${checkpoint} was not tuned on conversations: its template "${UNTUNED}" has no turns. ` +
      `To chat with it anyway, give a template, e.g. --template ${tuningTemplate}.`,
  );
}
