import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  COMPUTE,
  type Compute,
  createScope,
  MlanError,
  MODEL,
  type ModelSource,
  type Plugin,
  trainableModel,
} from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { hubServer } from "./hub-server.ts";
import { describeModelContract } from "./model-contract.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyLlava } from "./tiny-checkpoint.ts";
import { describeTrainableModelContract } from "./trainable-model-contract.ts";
import { type PaperWording, WORDINGS } from "./wordings.ts";

interface BackboneOptions {
  readonly weights?: string | URL;
  readonly visionTower?: string | URL;
}

export interface BackboneContractOptions {
  /** The package's name without its scope, e.g. "model-vicuna". */
  readonly name: string;
  readonly backbone: (options?: BackboneOptions) => Plugin<ModelSource>;
  /** Creates the compute plugin for the model. `backend` is the name of its backend. */
  readonly compute: () => Plugin<Compute>;
  readonly backend: string;
  readonly untuned: PaperWording;
  /** The backbone's default repository on the Hub. */
  readonly repository: { readonly name: string; readonly revision: string };
}

/**
 * Declares the contract tests of backbones with the Llama architecture, including those of models and trainable models.
 * The test file imports `@tensorflow/tfjs-backend-cpu`, a backend that the model must not use.
 */
export function describeBackboneContract(options: BackboneContractOptions): void {
  const { name, backbone, compute, backend, untuned, repository } = options;
  describe(`${name} keeps the backbone contract`, async () => {
    const folder = temporaryFolder();
    const { backbone: weights, tower } = await writeTinyLlava(folder);
    const scope = createScope([backbone({ weights, visionTower: tower }), compute()]);
    const source = scope.get(MODEL);
    const { open: useBackend } = scope.get(COMPUTE);

    describeModelContract(source, { useBackend });
    describeTrainableModelContract(source, { useBackend });

    it("is asked as an untuned base until it is tuned", async () => {
      const model = trainableModel(await source.open());
      const wordings = [model.wording];
      model.setFormat({ template: "v1", imageAspectRatio: "pad", maximumLength: 128 });
      wordings.push(model.wording);
      model.dispose();
      expect(wordings.map((wording) => wording.name)).toEqual([untuned, "tuned"]);
      // The benchmarks' expected prompts have these wordings.
      const asked = { user: "Why?", answerStart: "Because", images: 2 };
      expect(wordings.map(({ ask }) => ask(asked))).toEqual([WORDINGS[untuned].ask(asked), WORDINGS.tuned.ask(asked)]);
    });

    it("reports package, places and settings for a run's manifest", () => {
      for (const given of [weights, fileURLToPath(weights), weights.href.replace(/\/$/, "")]) {
        const { name: plugin, settings, places } = backbone({ weights: given });
        expect(places).toEqual({ weights: fileURLToPath(weights) });
        expect({ plugin, settings }).toEqual({ plugin: `@mlan/${name}`, settings: { hasTower: false } });
      }
    });

    it("reads nothing when it is created, and names the missing file when it is opened", async () => {
      const missing = createScope([backbone({ weights: new URL("nowhere/", weights) }), compute()]).get(MODEL);
      const error: unknown = await missing.open().catch((thrown: unknown) => thrown);
      expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
      expect(String(error)).toContain("nowhere/config.json");
    });

    it("opens on the scope's compute, whatever backend was current before", async () => {
      await tf.setBackend("cpu");
      const model = await source.open();
      expect(tf.getBackend()).toBe(backend);
      model.dispose();
    });

    it("needs a compute, and loads none when it is created", () => {
      const making = (): unknown => createScope([backbone({ weights })]).get(MODEL);
      expect(making).toThrow(expect.toSatisfy((error) => MlanError.is(error, "missing-plugin")));
      expect(making).toThrow(
        new RegExp(`Nothing provides @mlan/core/compute@1, which @mlan/${name} needs\\. .*onnx\\(\\)`),
      );
    });

    it("refuses unknown options, and folders that are not on this machine", () => {
      const misspelt: object = { weights, tower };
      expect(() => backbone(misspelt)).toThrow(new RegExp(`${name}: .*"tower"`));
      const address = { weights: "https://example.org/weights/" };
      expect(() => backbone(address)).toThrow(new RegExp(`${name}: option "weights": .*not on this machine`));
      const number: object = { weights: 7 };
      expect(() => backbone(number)).toThrow(new RegExp(`${name}: option "weights": expected a path`));
    });

    it("without weights, uses the repository on the Hub that it pins", async () => {
      expect(backbone().places).toEqual({ weights: `${repository.name} on the Hub, revision ${repository.revision}` });
      const names = await readdir(weights);
      const files = Object.fromEntries(
        await Promise.all(names.map(async (file) => [file, await readFile(new URL(file, weights))] as const)),
      );
      const server = await hubServer({
        type: "model",
        name: repository.name,
        commit: repository.revision,
        files,
        large: ["model.safetensors"],
      });
      vi.stubEnv("HF_ENDPOINT", server.endpoint);
      vi.stubEnv("HF_HUB_OFFLINE", undefined);
      vi.stubEnv("HF_HUB_CACHE", fileURLToPath(new URL("hub/", folder)));
      onTestFinished(() => void vi.unstubAllEnvs());
      const pinned = createScope([backbone(), compute()]).get(MODEL);
      const local = createScope([backbone({ weights }), compute()]).get(MODEL);
      const digests = [pinned, local].map(async (opened) => (await opened.inspect?.())?.content.digest());
      const [digest, expected] = await Promise.all(digests);
      expect(digest).toBeDefined();
      expect(digest).toBe(expected);
    });
  });
}
