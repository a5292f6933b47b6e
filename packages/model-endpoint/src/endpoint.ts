import { createHash } from "node:crypto";
import { chatWording, checkOptions, MODEL, type ModelSource, type Plugin, plugin } from "@mlan/core";
import { type CheckedOptions, type EndpointOptions, optionsSchema } from "./endpoint-options.ts";
import { endpointModel } from "./endpoint-model.ts";
import { imageType } from "./image-url.ts";

/** The environment variable with the API key of a server. */
const API_KEY = "MLAN_ENDPOINT_API_KEY";

/**
 * Creates a plugin for a model behind an OpenAI-compatible API. The model can be evaluated but not trained. The server
 * is first contacted for the first question. Throws `invalid-options`.
 */
export function endpoint(options: EndpointOptions): Plugin<ModelSource> {
  const given = checkOptions("model-endpoint", optionsSchema, options);
  const apiKey = given.apiKey ?? process.env[API_KEY];
  const checked: CheckedOptions = {
    ...given,
    baseURL: given.baseURL.replace(/\/+$/, ""),
    server: given.server ?? "generic",
    wording: given.wording ?? chatWording("tuned"),
    concurrency: given.concurrency ?? 8,
    retries: given.retries ?? 6,
    timeoutSeconds: given.timeoutSeconds ?? 300,
    maximumPauseSeconds: given.maximumPauseSeconds ?? 600,
    ...(apiKey !== undefined && apiKey !== "" && { apiKey }),
  };
  const { baseURL, model, server, wording, weights = baseURL, body = {} } = checked;
  // Everything that determines the answers, but never the key.
  const identity = { model, weights, server, wording: wording.name, body };
  const fingerprint = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  return plugin<ModelSource>({
    name: "@mlan/model-endpoint",
    token: MODEL,
    module: import.meta.url,
    settings: identity,
    places: { server: baseURL },
    create: () => ({
      specVersion: 1,
      name: model,
      answersOnly: true,
      open: async () => endpointModel(checked, fingerprint),
      inspect: async () => ({
        content: { stamp: fingerprint, digest: async () => fingerprint },
        parameters: {},
        wording: () => wording,
        checkImage: ({ name }, bytes) => void imageType(name, bytes),
      }),
    }),
  });
}
