import {
  type Clock,
  CLOCK,
  createScope,
  EVALUATOR,
  type EvaluateEvent,
  type EvaluateRun,
  type Prompt,
} from "@mlan/core";
import { generation, type GenerationEvaluatorOptions } from "@mlan/eval-generation";

export const questions = 12;

export const knowing = (prompt: Prompt): string => {
  const number = Number(/\d+/.exec(prompt.kind === "raw" ? prompt.text : prompt.user)?.[0]);
  return number % 2 === 0 ? ' yes". And so on' : ' no". And so on';
};

export const evaluatorOf = (options?: GenerationEvaluatorOptions, clock?: Clock) =>
  createScope([generation(options), ...(clock ? [{ name: "clock", token: CLOCK, create: () => clock }] : [])]).get(
    EVALUATOR,
  );

export async function eventsOf(
  run: EvaluateRun,
  options?: GenerationEvaluatorOptions,
): Promise<readonly EvaluateEvent[]> {
  const events: EvaluateEvent[] = [];
  for await (const event of evaluatorOf(options).evaluate(run)) events.push(event);
  return events;
}

export async function resultOf(run: EvaluateRun, options?: GenerationEvaluatorOptions) {
  const end = (await eventsOf(run, options)).at(-1);
  if (end?.type !== "evaluate-end") throw new Error(`the last event is ${end?.type}`);
  const { seconds: _, positions: __, ...result } = end.result;
  return result;
}
