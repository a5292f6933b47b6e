/** Opens a GGUF file with node-llama-cpp and answers, for ../weight-formats.ts. */
import { createInterface } from "node:readline";
import type { FormatRequest, FormatResult } from "../weight-formats.ts";

/** The parts of node-llama-cpp's interface that are used here. */
interface LlamaModule {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaModel> }>;
}
interface LlamaModel {
  createContext(options: object): Promise<{ getSequence(): Sequence }>;
}
interface Sequence {
  evaluate(tokens: readonly number[], options: object): AsyncIterable<number>;
  clearHistory(): Promise<void>;
}

const [module = "", modelPath = ""] = process.argv.slice(2);

for await (const line of createInterface({ input: process.stdin })) {
  const { threads, words, newTokens }: FormatRequest = JSON.parse(line);
  const { getLlama }: LlamaModule = await import(module);
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads, logLevel: "error" });
  const start = performance.now();
  const model = await llama.loadModel({ modelPath });
  const length = 2 * words;
  const context = await model.createContext({ contextSize: 2048, threads });
  const openSeconds = (performance.now() - start) / 1000;
  const sequence = context.getSequence();
  const answer = async (token: number, count: number, wanted: number): Promise<number> => {
    await sequence.clearHistory();
    const tokens = [1, ...Array.from({ length: count - 1 }, () => token)];
    const began = performance.now();
    let made = 0;
    for await (const _ of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true }))
      if (++made === wanted) break;
    if (made !== wanted) throw new Error(`the answer has ${made} tokens instead of ${wanted}`);
    return (performance.now() - began) / 1000;
  };
  await answer(300, 5, newTokens);
  const short = await answer(301, 5, 1);
  const long = await answer(301, 5, newTokens);
  const promptSeconds = await answer(302, length, 1);
  const result: FormatResult = {
    openSeconds,
    promptLength: length,
    promptSeconds,
    secondsPerToken: (long - short) / (newTokens - 1),
    peak: process.resourceUsage().maxRSS * 1024,
  };
  console.log(JSON.stringify(result));
}
