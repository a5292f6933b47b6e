import type { Model } from "../contracts/model.ts";
import { MlanError, shownValue } from "../errors.ts";

/** Throws `invalid-options` for the name of an adapter that is not among those of the model. */
export function checkAdapter(adapter: string | undefined, known: readonly string[]): void {
  if (adapter === undefined || known.includes(adapter)) return;
  const has = known.length === 0 ? "was opened with none" : `has ${known.map(shownValue).join(", ")}`;
  throw new MlanError(
    "invalid-options",
    `evaluate: the model has no adapter ${shownValue(adapter)}; it ${has}. Name it in the model's \`adapters\`.`,
  );
}

/**
 * Returns a model that answers and scores with one of the adapters of `model`. Throws `invalid-options` for an unknown
 * adapter.
 */
export function withAdapter(model: Model, adapter: string | undefined): Model {
  if (adapter === undefined) return model;
  checkAdapter(adapter, model.adapters ?? []);
  const chosen = <Request extends object>(requests: readonly Request[]): (Request & { readonly adapter: string })[] =>
    requests.map((request) => ({ ...request, adapter }));
  return {
    specVersion: 1,
    name: model.name,
    fingerprint: model.fingerprint,
    wording: model.wording,
    templateFingerprint: model.templateFingerprint,
    ...(model.maximumPositions !== undefined && { maximumPositions: model.maximumPositions }),
    adapters: model.adapters ?? [],
    generate: (requests, options) => model.generate(chosen(requests), options),
    score: (requests, options) => model.score(chosen(requests), options),
    dispose: () => model.dispose(),
  };
}
