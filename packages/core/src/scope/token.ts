import type { Evaluator } from "../contracts/evaluator.ts";
import type { ModelSource } from "../contracts/model.ts";
import type { Compute } from "../contracts/compute.ts";
import type { Trainer } from "../contracts/trainer.ts";

/** Identifies a service and carries its type. Tokens with equal names are equal in all installed copies of core. */
export interface Token<Service> {
  readonly key: symbol;
  readonly name: string;
  /** Suggests a plugin in error messages, e.g. "generation() of @mlan/eval-generation is one". */
  readonly hint?: string;
  /** Carries the type of the service. The field never exists at run time. */
  readonly service?: Service;
}

/** Creates a token, e.g. `token<Cache>("acme/cache@1")`. The name should contain a version. */
export function token<Service>(name: string, hint?: string): Token<Service> {
  return { key: Symbol.for(name), name, ...(hint !== undefined && { hint }) };
}

/** A source of time. Tests can replace it to avoid waiting. */
export interface Clock {
  /** Returns the milliseconds since a fixed moment. Never decreases. */
  now(): number;
}

export const MODEL: Token<ModelSource> = token("@mlan/core/model@1", "vicuna() of @mlan/model-vicuna is one");
export const COMPUTE: Token<Compute> = token(
  "@mlan/core/compute@1",
  "cpuTrainer() and gpuTrainer() include one, onnx() of @mlan/backend-onnx is one without a trainer",
);
export const TRAINER: Token<Trainer> = token("@mlan/core/trainer@1", "cpuTrainer() of @mlan/trainer-cpu includes one");
export const EVALUATOR: Token<Evaluator> = token(
  "@mlan/core/evaluator@1",
  "generation() of @mlan/eval-generation is one",
);
export const CLOCK: Token<Clock> = token("@mlan/core/clock@1");

/** The default clock of a run. */
export const systemClock: Clock = { now: () => performance.now() };
