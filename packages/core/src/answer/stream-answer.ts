import type { GenerationOptions, GenerationRequest, Generation, TextPiece } from "../contracts/generation.ts";
import type { Model } from "../contracts/model.ts";
import { MlanError } from "../errors.ts";

/**
 * Answers one request and yields its text piece by piece. The generator returns the whole {@link Generation}. Leaving a
 * `for await` loop early aborts the generation. Throws the errors of {@link Model.generate}.
 */
export async function* streamAnswer(
  model: Pick<Model, "generate">,
  request: GenerationRequest,
  options: Omit<GenerationOptions, "onText" | "batchSize"> = {},
): AsyncGenerator<TextPiece, Generation, undefined> {
  const left = new AbortController();
  const signals = [left.signal, ...(request.signal ? [request.signal] : [])];
  const pieces: TextPiece[] = [];
  let ended = false;
  let wake = (): void => {};
  const onText = (piece: TextPiece): void => {
    pieces.push(piece);
    wake();
  };
  const asked = { ...request, signal: AbortSignal.any(signals) };
  const answer = onlyAnswer(model.generate([asked], { ...options, onText }), request).finally(() => {
    ended = true;
    wake();
  });
  // The loop below yields all pieces before it throws this error.
  answer.catch(() => {});
  try {
    for (;;) {
      yield* pieces.splice(0);
      if (pieces.length > 0) continue;
      if (ended) return await answer;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    left.abort();
    await answer.catch(() => {});
  }
}

async function onlyAnswer(answers: AsyncIterable<Generation>, { id }: GenerationRequest): Promise<Generation> {
  for await (const answer of answers) return answer;
  throw new MlanError("contract", `the model gave no answer to "${id}".`);
}
