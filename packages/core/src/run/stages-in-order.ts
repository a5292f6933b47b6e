import type { AdapterOptions } from "../contracts/adapter.ts";
import { type ConversationFormat, formatFor } from "../contracts/conversation-format.ts";
import type { OpenedDatasets } from "../contracts/dataset.ts";
import type { Component, ModelInspection } from "../contracts/model.ts";
import { openedDatasets } from "../data/opened-datasets.ts";
import type { Scope } from "../scope/scope.ts";
import { MODEL } from "../scope/token.ts";
import type { Experiment } from "./experiment.ts";
import type { Stage, StageCheckContext } from "./stage.ts";
import { openedThrough } from "./stage-data.ts";

interface Known {
  readonly scope: Scope;
  readonly model: ModelInspection | undefined;
  readonly signal: AbortSignal | undefined;
  /** Default: a new record, so that a dataset of several stages is opened once. */
  readonly opened?: OpenedDatasets | undefined;
}

/** Yields each stage with what earlier stages have done to the model. */
export function* stagesInOrder(
  { stages }: Experiment,
  { scope, model, signal, opened = openedDatasets() }: Known,
): Generator<StageCheckContext & { readonly stage: Stage }> {
  let format: ConversationFormat | undefined;
  let adapterBefore: AdapterOptions | undefined;
  const trained = new Set<Component>();
  for (const stage of stages) {
    const wording = model?.wording?.(format);
    yield {
      stage,
      scope,
      ...openedThrough(opened, stage),
      trainedBefore: [...trained],
      ...(adapterBefore && { adapterBefore }),
      ...(model && { model }),
      ...(wording && { wording }),
      ...(signal && { signal }),
    };
    for (const component of stage.trained ?? []) trained.add(component);
    adapterBefore = stage.adapter ?? adapterBefore;
    if (stage.format && model) {
      format = formatFor(stage.format, { name: scope.get(MODEL).name, tuningTemplate: model.tuningTemplate });
    }
  }
}
