// The evaluation engine compared with lm-eval, with and without shared prefixes, and over many questions:
//   npm run bench:evaluation -- --parts language,images,memory --checkpoints mini,23m --rounds 2
import { parseArgs } from "node:util";
import { besideLmEval } from "./evaluation/beside-lm-eval.ts";
import type { CheckpointName } from "./evaluation/checkpoints.ts";
import { holdMemory } from "./evaluation/hold-memory.ts";
import { shareImages } from "./evaluation/share-images.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "language,images,memory" },
    checkpoints: { type: "string", default: "mini,23m" },
    share: { type: "string" },
    rounds: { type: "string", default: "2" },
    detect: { type: "boolean", default: false },
    threads: { type: "string", default: "2" },
    images: { type: "string", default: "8" },
    questions: { type: "string", default: "50000" },
  },
});

/** Shares of the published questions that are enough for stable times. */
const SHARES: Readonly<Record<CheckpointName, number>> = { mini: 0.1, "23m": 0.03 };
const threads = Number(values.threads);
const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  async language() {
    for (const name of values.checkpoints.split(",")) {
      if (name !== "mini" && name !== "23m") throw new Error(`--checkpoints ${name} is neither mini nor 23m`);
      const share = Number(values.share ?? SHARES[name]);
      await besideLmEval({ checkpoint: name, share, rounds: Number(values.rounds), threads, detect: values.detect });
    }
  },
  images: () => shareImages({ images: Number(values.images), threads }),
  memory: () => holdMemory(Number(values.questions)),
};

for (const name of values.parts.split(",")) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`--parts ${name} is not one of ${Object.keys(PARTS).join(", ")}`);
  await part();
}
