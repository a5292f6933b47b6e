import { cp, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { miniCheckpoint } from "@mlan/data-miniworld";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession } from "./command-line.ts";

const mlan = openSession();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-plan-"));
  await symlink(fileURLToPath(new URL("../../../node_modules", import.meta.url)), join(folder, "node_modules"));
  await writeExperiment("mini.mjs", fileURLToPath(miniCheckpoint("mini-llama2")));
  await writeLargeModel(join(folder, "large"), { layers: 32, hidden: 4096 });
  await writeExperiment("large.mjs", join(folder, "large"));
  await writeLargeModel(join(folder, "huge"), { layers: 4, hidden: 40_960 });
  await writeExperiment("huge.mjs", join(folder, "huge"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes an experiment that tunes a model in micro-batches of 4 and asks it two questions. */
function writeExperiment(name: string, weights: string, recipe = ""): Promise<void> {
  return writeFile(
    join(folder, name),
    `import { evaluate, experiment, train } from "@mlan/core";
     import { generation } from "@mlan/eval-generation";
     import { llama2 } from "@mlan/model-llama2";
     import { alphabetConversations, memoryBenchmark, memoryDataset } from "@mlan/testing";
     import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
     const questions = ["a", "b"].map((text) => ({ id: text, images: [], text, target: "c" }));
     export default experiment({
       name: "planned",
       use: [llama2({ weights: ${JSON.stringify(weights)} }), cpuTrainer({ threads: 1 }), generation({ batchSize: 2 })],
       stages: [
         train({
           name: "tune",
           data: memoryDataset("alphabet", alphabetConversations(24)),
           recipe: instructionTuning({
             trained: ["language"], format: { template: "v1" }, batchSize: 8, microBatchSize: 4, epochs: 2, ${recipe}
           }),
         }),
         evaluate({ name: "tuned", benchmarks: [memoryBenchmark("letters", questions)] }),
       ],
     });`,
  );
}

/** Writes a checkpoint with the proportions of Llama 2. The weight file is sparse, so it takes almost no disk space. */
async function writeLargeModel(
  place: string,
  { layers, hidden }: { readonly layers: number; readonly hidden: number },
): Promise<void> {
  await cp(fileURLToPath(miniCheckpoint("mini-llama2")), place, { recursive: true });
  const config = JSON.parse(await readFile(join(place, "config.json"), "utf8"));
  const [heads, inner, vocabulary] = [hidden / 128, 2.6875 * hidden, config.vocab_size];
  const large = { hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers };
  const attending = { num_attention_heads: heads, num_key_value_heads: heads, head_dim: 128 };
  const whole = { ...config, ...large, ...attending, tie_word_embeddings: false };
  await writeFile(join(place, "config.json"), JSON.stringify(whole));
  const attention = ["q_proj", "k_proj", "v_proj", "o_proj"].map((name) => [`self_attn.${name}`, [hidden, hidden]]);
  const mlp = [
    ["mlp.gate_proj", [inner, hidden]],
    ["mlp.up_proj", [inner, hidden]],
    ["mlp.down_proj", [hidden, inner]],
  ];
  const norms = ["input_layernorm", "post_attention_layernorm"].map((name) => [name, [hidden]]);
  const shapes = [
    ["model.embed_tokens", [vocabulary, hidden]],
    ["model.norm", [hidden]],
    ["lm_head", [vocabulary, hidden]],
    ...Array.from({ length: layers }, (_, layer) =>
      [...attention, ...mlp, ...norms].map(([name, shape]) => [`model.layers.${layer}.${name}`, shape]),
    ).flat(),
  ] as [string, number[]][];
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, shape] of shapes) {
    const bytes = 2 * shape.reduce((product, size) => product * size, 1);
    header[`${name}.weight`] = { dtype: "BF16", shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const text = Buffer.from(JSON.stringify(header));
  const file = await open(join(place, "model.safetensors"), "w");
  await file.write(Buffer.from(BigUint64Array.of(BigInt(text.length)).buffer));
  await file.write(text);
  await file.truncate(8 + text.length + end);
  await file.close();
}

describe("mlan plan", () => {
  test("predicts what each stage needs", async () => {
    const { status, stdout, stderr } = await mlan(["plan", "mini.mjs", "--json"], folder);
    expect({ status, stderr: stderr.replaceAll(/Checking.*\n/g, "") }).toEqual({ status: 0, stderr: "" });
    const { stages, disk } = JSON.parse(stdout);
    const [tune, tuned] = stages;
    expect(tune).toMatchObject({ name: "tune", kind: "train", fits: true, wouldFit: [] });
    expect(tune.training).toMatchObject({
      conversations: 24,
      needs: { steps: 6 },
      shape: { rows: 4, images: 0, microBatches: 2 },
    });
    const parameters = tune.parameters.trained;
    expect(tune.memory.parts).toMatchObject({ weights: 4 * parameters, moments: 8 * parameters });
    expect(disk.neededBytes).toBe(12 * parameters);
    expect(tuned.answering).toMatchObject({ questions: 2, shape: { rows: 2, weightFormat: "float32" } });
    for (const { memory } of stages) {
      const sum = (Object.values(memory.parts) as number[]).reduce((all, bytes) => all + bytes, 0);
      expect(sum).toBeCloseTo(memory.total, 0);
    }
  });

  test("prints tables, and says what is too large for a small machine and what would fit", async () => {
    const { status, stdout } = await mlan(["plan", "large.mjs", "--memory", "24"], folder);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^tune +train +6,\d{3} M/m);
    expect(stdout).toContain("Peak memory in GB (10^9 bytes), of 24.00 GB");
    expect(stdout).toMatch(
      /^tune does not fit\. It fits with .*adapter: lora\(\{ rank: 64 \}\) and weightFormat: "stored" \(1\d\.\d GB\)/m,
    );
    expect(stdout).toMatch(/^tuned does not fit\. It fits with weightFormat: "stored" \(1\d\.\d GB\)/m);
    expect(stdout).toMatch(/^Disk: the checkpoints need \d+\.\d\d GB, and /m);
  });

  test("predicts the positions of training, and its operations by the usual rule", async () => {
    const { stages } = JSON.parse((await mlan(["plan", "mini.mjs", "--folder", "costs", "--json"], folder)).stdout);
    expect((await mlan(["run", "mini.mjs", "--folder", "costs"], folder)).status).toBe(0);
    const [spent] = JSON.parse(await readFile(join(folder, "costs/ledger.json"), "utf8"));
    const { cost } = stages[0].training;
    expect(cost.positions).toBe(spent.text + spent.image);
    expect(cost.flops / spent.flops).toBeGreaterThan(0.5);
    expect(cost.flops / spent.flops).toBeLessThan(1.5);
  });

  test("measures steps without saving anything, if all stages fit", async () => {
    const words = ["plan", "mini.mjs", "--folder", "measured", "--measure", "--json"];
    const { status, stdout } = await mlan(words, folder);
    expect(status).toBe(0);
    const [tune, tuned] = JSON.parse(stdout).stages;
    expect(tune.measured.seconds).toBeGreaterThan(0);
    // Both count the process, which is most of it for so small a model.
    expect(tune.measured.peakBytes / tune.memory.total).toBeGreaterThan(0.5);
    expect(tuned.measured).toBeUndefined();
    await expect(readdir(join(folder, "measured"))).rejects.toThrow(/ENOENT/);
    const large = await mlan(["plan", "large.mjs", "--memory", "24", "--measure", "--json"], folder);
    expect(large.status).toBe(1);
    expect(JSON.parse(large.stdout).stages[0].measured).toBeUndefined();
  });

  test.each([
    ["a missing file", ["nowhere.mjs"], /nowhere\.mjs/],
    ["no memory", ["mini.mjs", "--memory", "0"], /--memory.*must be a number of gigabytes/],
  ])("refuses %s", async (_, words, message) => {
    const { status, stderr } = await mlan(["plan", ...words], folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });
});

describe("mlan run", () => {
  test("refuses a stage that does not fit before anything is loaded or written, and names settings that do", async () => {
    const { status, stderr } = await mlan(["run", "huge.mjs", "--folder", "run"], folder);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /stage "tune" needs 1\d\d\d\.\d GB of memory at its largest batch \(4 rows of \d+ positions\)/,
    );
    expect(stderr).toMatch(/It fits with .*lora|No smaller batch/);
    await expect(readFile(join(folder, "run/manifest.json"))).rejects.toThrow(/ENOENT/);
  });

  test("runs a stage that does not fit with --no-plan", async () => {
    await writeFile(
      join(folder, "pessimist.mjs"),
      `import base from "./mini.mjs";
       const memory = { parts: { weights: 1e15 }, total: 1e15 };
       const plan = async () => ({ parameters: { trained: 0, frozen: 1 }, memory, changes: () => [] });
       export default { ...base, stages: base.stages.slice(1).map((stage) => ({ ...stage, plan })) };`,
    );
    const refused = await mlan(["run", "pessimist.mjs", "--folder", "pessimist"], folder);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/stage "tuned" needs 1000000\.\d GB .*--no-plan on the command line/);
    const { status, stdout } = await mlan(["run", "pessimist.mjs", "--folder", "pessimist", "--no-plan"], folder);
    expect(status).toBe(0);
    expect(stdout).toContain("letters");
  });
});
