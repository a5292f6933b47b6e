// The engine of this project, answering requests line by line; see ../evaluation/evaluation-worker.ts.
import { readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { onnx, onnxStatistics } from "@mlan/backend-onnx";
import { beforeStop, createScope, EVALUATOR, type Evaluator, MODEL, type Model } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { llama2 } from "@mlan/model-llama2";
import type { Evaluated, EvaluationSetup } from "../evaluation/evaluation-worker.ts";
import type { LanguageTask } from "../evaluation/language-tasks.ts";
import { taskBenchmark } from "../evaluation/task-benchmark.ts";
import { productThroughput } from "./product-throughput.ts";

let evaluate: (() => Promise<Evaluated>) | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const { do: action, ...request } = JSON.parse(line);
  console.log(JSON.stringify(await answer(action, request)));
}

// The interface in evaluation-worker.ts defines the fields of a request.
async function answer(action: string, request: EvaluationSetup): Promise<object> {
  if (action === "setup") {
    const weights = pathToFileURL(request.checkpoint);
    const scope = createScope([llama2({ weights }), onnx({ threads: request.threads }), generation()]);
    const tasks: readonly LanguageTask[] = JSON.parse(await readFile(request.tasks, "utf8"));
    const model = await scope.get(MODEL).open();
    evaluate = () => evaluateAll(model, scope.get(EVALUATOR).evaluate, tasks, request);
    return { versions: `mlan on ${process.version}` };
  }
  if (action === "throughput") return { gigaflops: await productThroughput() };
  if (action === "detect") return { milliseconds: 0 };
  if (evaluate === undefined) throw new Error("send setup first");
  return evaluate();
}

async function evaluateAll(
  model: Model,
  ask: Evaluator["evaluate"],
  tasks: readonly LanguageTask[],
  { tasks: file, stop, maximumNewTokens }: EvaluationSetup,
): Promise<Evaluated> {
  const start = performance.now();
  const before = process.cpuUsage();
  const compiledBefore = onnxStatistics().compileMilliseconds;
  const answers: Record<string, string> = {};
  const rates: string[] = [];
  let promptPositions = 0;
  let computedPositions = 0;
  for (const task of tasks) {
    const benchmark = taskBenchmark(task, stop, maximumNewTokens);
    const log = new URL(`${task.name}.answers.jsonl`, pathToFileURL(file));
    for await (const event of ask({ model, benchmark, protocol: "paper", answers: log })) {
      if (event.type === "question-answered")
        answers[event.answer.id] = beforeStop(event.answer.answer, [...stop, "</s>"]);
      if (event.type !== "evaluate-end") continue;
      const { positions, questions, seconds } = event.result;
      promptPositions += positions.prompts;
      computedPositions += positions.computed;
      const tokens = (positions.prompts / questions).toFixed(0);
      rates.push(`${task.name} ${(questions / seconds).toFixed(1)} (of ${tokens} tokens)`);
    }
    await rm(log);
  }
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const compiled = (onnxStatistics().compileMilliseconds - compiledBefore).toFixed(0);
  const notes = `questions/s: ${rates.join(", ")}; ${computedPositions} positions computed; compiled in ${compiled} ms`;
  return { milliseconds, processorMilliseconds: (user + system) / 1000, answers, promptPositions, notes };
}
