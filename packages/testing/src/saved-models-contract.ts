import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openSafetensors } from "@mlan/safetensors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOfSaved, hashOfSaved, type SavedModel } from "./saved-models.ts";

export interface SavedModelsContract {
  /** Makes the models; the folder is for their files. */
  models(folder: URL): Promise<readonly SavedModel[]>;
  readonly names: readonly string[];
  /** What tools/fixtures/saved_models.py wrote: `hashes.json` and `answers.safetensors`. Ends in a slash. */
  readonly fixture: URL;
}

/**
 * Declares tests that saved folders are bit-identical to those that transformers has read, and that transformers returned
 * the same log-probabilities and greedy answers.
 */
export function describeSavedModelsContract({ models, names, fixture }: SavedModelsContract): void {
  describe("transformers reads as we do the saved model", () => {
    let folder: URL;
    let all: readonly SavedModel[];
    beforeAll(async () => {
      folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-saved-"))}/`);
      all = await models(folder);
    });
    afterAll(() => rm(folder, { recursive: true }));

    it.each(names)("%s", async (name) => {
      const saved = all.find((one) => one.name === name);
      if (!saved) throw new Error(`there is no model ${name}`);
      const model = await saved.open();
      const target = new URL(`${name}/`, folder);
      await saved.save(model, target);
      const hashes: Readonly<Record<string, string>> = JSON.parse(
        await readFile(new URL("hashes.json", fixture), "utf8"),
      );
      // When this fails, the folder is no longer the one that transformers has read: run the script again.
      expect(await hashOfSaved(target)).toBe(hashes[name]);
      const { tokens, logProbabilities } = await answerOfSaved(model, saved);
      model.dispose();
      const expected = await openSafetensors(new URL("answers.safetensors", fixture));
      expect(tokens).toEqual([...(await expected.readInt32(`${name}.tokens`))]);
      const rows = await expected.read(`${name}.logProbabilities`);
      await expected.close();
      const ours = logProbabilities.flatMap((row) => [...row]);
      expect(rows.length).toBe(ours.length);
      expect(Math.max(...ours.map((value, index) => Math.abs(value - (rows[index] ?? NaN))))).toBeLessThan(1e-5);
    });
  });
}
