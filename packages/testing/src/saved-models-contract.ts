import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openSafetensors } from "@mlan/safetensors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOfSaved, hashOfSaved, type SavedModel } from "./saved-models.ts";

export interface SavedModelsContract {
  /** Creates the models, with their files in `folder`. */
  models(folder: URL): Promise<readonly SavedModel[]>;
  readonly names: readonly string[];
  /**
   * The folder that tools/fixtures/saved_models.py wrote: `hashes.json`, `answers.safetensors`, `chats.json`. Ends in a
   * slash.
   */
  readonly fixture: URL;
  /** The conversation templates of the models, by the models' names, and the text of their begin-of-sequence token. */
  readonly templates: Readonly<Record<string, AskingTemplate>>;
  readonly beginOfSequence: string;
}

/** The part of a template that writes prompts. */
interface AskingTemplate {
  promptSegments(prompt: {
    readonly id: string;
    readonly turns: readonly { readonly role: "user" | "assistant"; readonly text: string; readonly images: number }[];
    readonly answerStart: string;
  }): readonly WrittenSegment[];
}

interface WrittenSegment {
  readonly text?: string;
  readonly addedToken?: string;
  readonly token?: string;
}

/**
 * Declares tests that saved folders are bit-identical to those that transformers has read, and that transformers
 * computed the same log-probabilities and greedy answers, and rendered the same prompt from the chat_template.jinja.
 */
export function describeSavedModelsContract(contract: SavedModelsContract): void {
  const { models, names, fixture, templates, beginOfSequence } = contract;
  describe("transformers reads the saved model as we do", () => {
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
      // On failure, the folder differs from the one that transformers has read: run the script again.
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
  it.each(Object.entries(templates))(
    "transformers asks the saved model %s as our template does",
    async (name, template) => {
      const chats: Readonly<Record<string, string>> = JSON.parse(
        await readFile(new URL("chats.json", fixture), "utf8"),
      );
      const segments = template.promptSegments({ id: "asked", turns: TURNS, answerStart: "" });
      expect(chats[name]).toBe(beginOfSequence + segments.map(textOf).join(""));
    },
  );
}

/** The turns in tools/fixtures/saved_models.py. */
const TURNS = [
  { role: "user", text: "What is it?", images: 2 },
  { role: "assistant", text: "A cat", images: 0 },
  { role: "user", text: "Why?", images: 0 },
] as const;

function textOf({ text, addedToken, token }: WrittenSegment): string {
  return text ?? addedToken ?? (token === "image" ? "<image>" : "</s>");
}
