// Greedy decoding with a cache of keys and values on a TensorFlow.js backend beside transformers.generate, the same
// tokens asserted:
//   npm run bench:generate -- --configurations 23m,110m --rows 1,8 --new-tokens 128 --rounds 5
import { parseArgs } from "node:util";
import { randomBatch } from "./llama/batches.ts";
import { CONFIGURATIONS } from "./llama/configuration.ts";
import { Measurement } from "./measurement.ts";
import { startTensorFlowJs, startTorch } from "./start-workers.ts";
import { weightsFile } from "./weights-file.ts";

const PROMPT_LENGTH = 64;

const { values } = parseArgs({
  options: {
    configurations: { type: "string", default: "23m,110m" },
    backend: { type: "string", default: "onnx" },
    rows: { type: "string", default: "1,8" },
    "new-tokens": { type: "string", default: "128" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
  },
});
const newTokens = Number(values["new-tokens"]);

for (const name of values.configurations.split(",")) {
  const configuration = CONFIGURATIONS[name];
  if (configuration === undefined)
    throw new Error(`--configurations ${name} is none of ${Object.keys(CONFIGURATIONS).join(", ")}`);
  const torch = startTorch();
  const ours = startTensorFlowJs(values.backend);
  const workers = torch === undefined ? [ours] : [ours, torch];
  const weights = await weightsFile(name, configuration);
  const threads = Number(values.threads);
  for (const worker of workers)
    await worker.setup({ configuration, weights, threads, task: "generate", learningRate: 0, rank: 0 });
  for (const rows of values.rows.split(",").map(Number)) {
    const { tokens } = randomBatch({ ...configuration, rows, length: PROMPT_LENGTH }, 7);
    const measurements = workers.map(() => new Measurement());
    let first = "";
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [index, worker] of workers.entries()) {
        const generated = await worker.generate({ tokens, rows, newTokens });
        if (round > 0) measurements[index]?.add(generated.milliseconds);
        first ||= generated.tokens.join();
        if (generated.tokens.join() !== first)
          throw new Error(`${worker.name} generated other tokens in round ${round}`);
      }
    }
    const names = workers.map((worker, index) => `${worker.name} ${measurements[index]}`);
    console.log(`${configuration.name} parameters, ${rows} x ${newTokens} tokens: ${names.join(", ")}`);
    const [own, theirs] = measurements.map(({ median }) => median);
    if (own !== undefined && theirs !== undefined) console.log(`  time ${(own / theirs).toFixed(2)} x; equal tokens`);
  }
  for (const worker of workers) worker.stop();
}
