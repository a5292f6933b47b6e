// The check of a machine's GPU; on a bare machine, unpack-and-check.sh runs it:
//   check.js --output gpu-report --minutes 8 [--small] [--torch-device cpu]
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Part, type PartResult, runPart } from "./parts.ts";
import { promptIn } from "./prompt.ts";
import { type CheckResult, conforms, reportText, TORCH } from "./report.ts";
import { type Sizes, smallSizes, trainingRow, wideSizes } from "./sizes.ts";

const { values } = parseArgs({
  options: {
    output: { type: "string", default: "gpu-report" },
    minutes: { type: "string", default: "8" },
    small: { type: "boolean", default: false },
    "torch-device": { type: "string", default: "cuda" },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes} is not a number above 0`);

const here = fileURLToPath(new URL("./", import.meta.url));
const output = resolve(values.output);
mkdirSync(output, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "mlan-gpu-"));
/** Time reserved for the report. */
const RESERVE_SECONDS = 5;
const deadline = performance.now() + (minutes * 60 - RESERVE_SECONDS) * 1000;
// MLAN_WEBGPU: the tests use the machine's driver. BACKEND_ONNX_PROVIDER: the kernel tests run on this provider.
const environment = { ...process.env, MLAN_WEBGPU: "hardware", BACKEND_ONNX_PROVIDER: "webgpu" };
const machine = `Node ${process.version}, ${availableParallelism()} processors of ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
const results: PartResult[] = [];

try {
  await run(node("adapter", "adapter", "adapter.js", [], 20));
  for (const part of testParts("conformance", 60)) await run(part);
  const [steps, conversations] = values.small ? ["2", "2"] : ["25", "16"];
  for (const provider of ["webgpu", "cpu"])
    await run(
      node(
        `recipe on ${provider}`,
        "recipe",
        "recipe.js",
        [provider, steps, conversations, work],
        values.small ? 150 : 75,
      ),
    );
  for (const layers of [2, 4]) await measure(layers, values.small ? smallSizes(layers) : wideSizes(layers));
  // On a software GPU they take minutes and reveal nothing about a real one.
  if (!values.small) for (const part of testParts("kernels", 40)) await run(part);
} finally {
  rmSync(work, { recursive: true, force: true });
}
const passed = conforms(write());
console.log(`Conformance ${passed ? "passed" : "FAILED"}. The report: ${join(output, "report.md")}`);
process.exit(passed ? 0 : 1);

/** Returns one part per kind of test. If a part loses the device, the next part opens it again. */
function testParts(group: "conformance" | "kernels", seconds: number): readonly Part[] {
  const files = readdirSync(here).filter((file) => file.startsWith(`${group}-`) && file.endsWith(".js"));
  return files
    .toSorted()
    .map((file) => node(`${group}: ${file.slice(group.length + 1, -3)}`, group, file, [], seconds));
}

async function measure(layers: number, sizes: Sizes): Promise<void> {
  const name = `d ${sizes.hidden}, ${layers} layers`;
  const folder = join(work, `${layers}`);
  const given = JSON.stringify(sizes);
  const written = await run(node(`${name}: random weights`, "preparation", "checkpoint.js", [given, folder], 60));
  if (written.outcome !== "passed") return;
  const request = {
    device: values["torch-device"],
    weights: join(folder, "model.safetensors"),
    epsilon: 1e-5,
    sizes,
  };
  const prompt = promptIn(readFileSync(join(folder, "tokenizer.json"), "utf8"), sizes.prompt);
  const tasks = [
    { task: "train", title: `training step of ${sizes.length} tokens`, row: trainingRow(sizes) },
    { task: "decode", title: `${sizes.newTokens} tokens after ${sizes.prompt}`, row: { ids: prompt.ids } },
  ];
  for (const { task, title, row } of tasks) {
    const part = `${name}: ${title}`;
    await run(node(part, "speed", "speed.js", [task, given, folder], 60));
    const parameters = [join(here, "torch_llama.py"), task, JSON.stringify({ ...request, ...row })];
    await run({ name: `${part}${TORCH}`, group: "speed", program: "python3", parameters, seconds: 45, optional: true });
  }
  rmSync(folder, { recursive: true, force: true });
}

function node(name: string, group: Part["group"], file: string, parameters: readonly string[], seconds: number): Part {
  return { name, group, program: process.execPath, parameters: [join(here, file), ...parameters], seconds };
}

async function run(part: Part): Promise<PartResult> {
  const result = await runPart(part, (deadline - performance.now()) / 1000, environment);
  console.log(`${result.name}: ${result.outcome} (${result.seconds.toFixed(1)} s)`);
  results.push(result);
  write();
  return result;
}

/** Writes the report after each part, so that a killed check keeps its results so far. */
function write(): CheckResult {
  const result = { date: new Date().toISOString(), machine, small: values.small, parts: results };
  writeFileSync(join(output, "report.json"), `${JSON.stringify(result, undefined, 1)}\n`);
  writeFileSync(join(output, "report.md"), reportText(result));
  return result;
}
