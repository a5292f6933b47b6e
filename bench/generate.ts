// Greedy answers of the model on a TensorFlow.js backend, compared with transformers.generate; asserts equal tokens:
//   npm run bench:generate -- --configurations 23m,110m --rows 1,8 --new-tokens 128 --rounds 5
import { parseArgs } from "node:util";
import { CONFIGURATIONS } from "./checkpoint/configuration.ts";
import { Measurement } from "./measurement.ts";
import { randomPrompts } from "./prompts.ts";
import { printThroughput } from "./throughput.ts";
import { startMlan, startTorch } from "./start-workers.ts";
import { randomCheckpoint } from "./checkpoint/random-checkpoint.ts";

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
    throw new Error(`--configurations ${name} is not one of ${Object.keys(CONFIGURATIONS).join(", ")}`);
  const torch = startTorch();
  const ours = startMlan(values.backend);
  const workers = torch === undefined ? [ours] : [ours, torch];
  const checkpoint = await randomCheckpoint(name, configuration);
  const threads = Number(values.threads);
  for (const worker of workers)
    await worker.setup({ configuration, checkpoint, threads, device: "cpu", task: "generate", learningRate: 0 });
  const throughputs = await printThroughput(workers);
  for (const rows of values.rows.split(",").map(Number)) {
    const prompts = await randomPrompts(checkpoint, { rows, length: PROMPT_LENGTH, seed: 7 });
    const measurements = workers.map(() => new Measurement());
    let first = "";
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [index, worker] of workers.entries()) {
        const generated = await worker.generate({ ...prompts, newTokens });
        if (generated.tokens.length !== rows * newTokens)
          throw new Error(`${worker.name} generated ${generated.tokens.length} tokens, not ${rows} x ${newTokens}`);
        if (round > 0) measurements[index]?.add(generated.milliseconds);
        first ||= generated.tokens.join();
        if (generated.tokens.join() !== first)
          throw new Error(`${worker.name} generated different tokens in round ${round}`);
      }
    }
    const names = workers.map((worker, index) => `${worker.name} ${measurements[index]}`);
    console.log(`${configuration.name} parameters, ${rows} x ${newTokens} tokens: ${names.join(", ")}`);
    const [own, theirs] = measurements.map(({ median }) => median);
    if (own !== undefined && theirs !== undefined && throughputs.claim("PyTorch"))
      console.log(`  time ${(own / theirs).toFixed(2)} x; equal tokens`);
  }
  for (const worker of workers) {
    const { peakBytes } = await worker.memory();
    console.log(`  ${worker.name}: peak ${(peakBytes / 2 ** 20).toFixed(0)} MB`);
    worker.stop();
  }
}
