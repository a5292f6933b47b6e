import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, type GenerationRequest, MODEL } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { endpoint } from "@mlan/model-endpoint";
import { serve } from "@mlan/serve";
import { fakeModelSource } from "@mlan/testing";
import { afterAll, expect, it } from "vitest";
import { type Evaluated, evaluated } from "./evaluated.ts";
import { type BenchmarkName, benchmarksOf, smallWorld } from "./nine-benchmarks.ts";
import { scratchFolder } from "./tiny-model.ts";

const folder = await scratchFolder();
const benchmarks = benchmarksOf(await smallWorld(new URL("world/", folder)));
const compute = createScope([onnx()]).get(COMPUTE);
const model = await fakeModelSource({ compute, answer: answerTo }).open();
model.setFormat({ ...model.format, template: "v1" });
const server = await serve(model, { name: "fake", port: 0 });
const behind = await createScope([endpoint({ baseURL: server.url, model: "fake" })])
  .get(MODEL)
  .open();
afterAll(async () => {
  await server.close();
  model.dispose();
});

/**
 * Returns an answer that depends on the question and the number of its images. It begins with the requested start,
 * unless the prompt ended with it.
 */
function answerTo({ prompt, images }: GenerationRequest): string {
  const text = prompt.kind === "raw" ? prompt.text : prompt.user;
  const [question = "", start = ""] = text.replaceAll(/<image>\s*/g, "").split("\nBegin your answer with: ");
  const words = ["A", "B", "C", "D", "yes", "no"];
  return `${start}${words[(question.length + images.length) % words.length]}".`;
}

/** Returns the answers without the text after a stop string, which a server omits. */
function readingsOf({ answers }: Evaluated): ReadonlyMap<string, unknown> {
  return new Map([...answers].map(([id, record]) => [id, { ...record, answer: "" }]));
}

const NAMES: readonly BenchmarkName[] = [
  "race",
  "openbookqa",
  "boolq",
  "hellaswag",
  "realworldqa",
  "ai2d",
  "pope",
  "gqa",
  "scienceqa",
];

it.each(NAMES)("%s has the same answers and metrics behind a server", async (name) => {
  const benchmark = benchmarks[name];
  const [direct, served] = [
    await evaluated(generation(), { model, benchmark, protocol: "strict" }),
    await evaluated(generation(), { model: behind, benchmark, protocol: "strict" }),
  ];
  expect(served.answers.size).toBeGreaterThanOrEqual(10);
  expect(readingsOf(served)).toEqual(readingsOf(direct));
  expect(served.result.metrics).toEqual(direct.result.metrics);
  expect(new Set([...served.answers.values()].map(({ answer }) => answer)).size).toBeGreaterThan(2);
});
