import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { type Benchmark, createScope, EVALUATOR } from "@mlan/core";
import { accuracy } from "@mlan/data-kit";
import { generation } from "@mlan/eval-generation";
import { fakeModelSource, memoryBenchmark, type PlainQuestion } from "@mlan/testing";

/** Characters per prompt. If all prompts were in memory at once, it would show at any scale. */
const PROMPT_CHARACTERS = 4000;
const REPORTS = 10;

/** Prints memory while questions are streamed to a model that computes nothing. */
export async function holdMemory(questions: number): Promise<void> {
  await useOnnxBackend();
  const collectGarbage = garbageCollector();
  const folder = pathToFileURL(join(await mkdtemp(join(tmpdir(), "mlan-bench-")), "/"));
  const model = await fakeModelSource({ answer: () => "yes" }).open();
  const { evaluate } = createScope([generation()]).get(EVALUATOR);
  const answers = new URL("answers.jsonl", folder);
  console.log(`\n${questions} questions of ${PROMPT_CHARACTERS} characters, streamed`);
  const start = performance.now();
  const report = (what: string): void => {
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`  ${what}: ${megabytes(heapUsed)} heap, ${megabytes(rss)} resident, ${seconds} s`);
  };
  report("before");
  try {
    for await (const event of evaluate({ model, benchmark: streamed(questions), protocol: "paper", answers })) {
      if (event.type === "evaluate-start") report("planned");
      if (event.type === "question-answered" && event.answered % Math.ceil(questions / REPORTS) === 0)
        report(`${event.answered} answered`);
    }
    report("scored");
  } finally {
    model.dispose();
    await rm(folder, { recursive: true });
  }
}

/** Questions that are created on demand and not kept. */
function streamed(count: number): Benchmark<PlainQuestion> {
  const { protocol, ...benchmark } = memoryBenchmark("streamed", []);
  const at = async (index: number): Promise<PlainQuestion> => ({
    id: `question-${index}`,
    images: [],
    text: `${index} `.padEnd(PROMPT_CHARACTERS, "lorem ipsum "),
    target: index % 3 === 0 ? "no" : "yes",
  });
  return {
    ...benchmark,
    protocol: (name) => ({ ...protocol(name), metrics: { accuracy } }),
    open: async () => ({ length: count, fingerprint: `streamed-${count}`, at }),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return () => {
    if (typeof collect === "function") collect();
  };
}
