import { readFile, writeFile } from "node:fs/promises";
import { type GenerationRequest, pathOf, sha256OfFile, type TrainableModel } from "@mlan/core";
import { answersOf } from "./answers-of.ts";

/** A model that is saved for a different library, and a question for both libraries. */
export interface SavedModel {
  /** Name of the folder with the saved model. */
  readonly name: string;
  /** The raw prompt, with a placeholder for an image. */
  readonly prompt: string;
  /** The image file, if the prompt has an image. */
  readonly image?: URL;
  /** Creates the model. Its bits are the same each time. */
  open(): Promise<TrainableModel>;
  save(model: TrainableModel, folder: URL): Promise<void>;
}

/** Turns in the form for transformers' chat templates. */
const MESSAGES = [
  { role: "user", content: [{ type: "image" }, { type: "image" }, { type: "text", text: "What is it?" }] },
  { role: "assistant", content: [{ type: "text", text: "A cat" }] },
  { role: "user", content: [{ type: "text", text: "Why?" }] },
];

export interface SavedAnswer {
  readonly tokens: readonly number[];
  /** Natural logarithms of the probabilities [tokens, vocabulary]. */
  readonly logProbabilities: readonly Float32Array[];
}

const NEW_TOKENS = 16;

/**
 * Saves each model into a folder with its name, and writes `questions.json` beside the folders for a script that uses
 * the other library.
 *
 * @public `tools/fixtures/saved_models.py` calls it.
 */
export async function saveModels(models: readonly SavedModel[], folder: URL): Promise<void> {
  const questions: unknown[] = [];
  for (const saved of models) {
    const model = await saved.open();
    const target = new URL(`${saved.name}/`, folder);
    await saved.save(model, target);
    const { tokens, logProbabilities } = await answerOfSaved(model, saved);
    model.dispose();
    questions.push({
      name: saved.name,
      prompt: saved.prompt,
      ...(saved.image && { image: pathOf(saved.image) }),
      newTokens: tokens.length,
      messages: MESSAGES,
      vocabulary: logProbabilities[0]?.length,
      checksums: await hashOfSaved(target),
    });
  }
  await writeFile(new URL("questions.json", folder), JSON.stringify(questions));
}

/** Returns the SHA-256 of a saved folder's checksum file, which covers all its files. */
export function hashOfSaved(folder: URL): Promise<string> {
  return sha256OfFile(new URL("checksums.json", folder));
}

/** Returns the greedy answer of a model, with the full distribution for each token. */
export async function answerOfSaved(model: TrainableModel, { prompt, image }: SavedModel): Promise<SavedAnswer> {
  const bytes = image && new Uint8Array(await readFile(image));
  const request: GenerationRequest = {
    id: "asked",
    prompt: { kind: "raw", text: prompt, beginOfSequence: true },
    images: bytes ? [{ name: "picture", read: () => Promise.resolve(bytes) }] : [],
    maximumNewTokens: NEW_TOKENS,
    // More than the vocabulary of any test.
    logProbabilities: 100_000,
  };
  const answers = await answersOf(model, [request], { details: true });
  const answer = answers.get("asked");
  const logProbabilities = (answer?.logProbabilities ?? []).map(({ likeliest }) => {
    const row = new Float32Array(likeliest.length);
    for (const { token, logProbability } of likeliest) row[token] = logProbability;
    return row;
  });
  return { tokens: answer?.tokens ?? [], logProbabilities };
}
