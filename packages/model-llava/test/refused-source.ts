import { MlanError } from "@mlan/core";
import { type LlavaSource } from "@mlan/model-llava";
import { type TensorToWrite } from "@mlan/safetensors";
import { expect } from "vitest";

export async function refusal(source: LlavaSource): Promise<string> {
  const error: unknown = await source.inspect().catch((thrown: unknown) => thrown);
  if (!MlanError.is(error, "invalid-checkpoint")) throw new Error(`expected an invalid-checkpoint error, got ${error}`);
  expect(error.message.split("\n")).toHaveLength(1);
  return error.message;
}

export function zeros(name: string, ...shape: readonly number[]): TensorToWrite {
  const size = shape.reduce((product, length) => product * length, 1);
  return { name, shape, dtype: "F32", data: () => new Float32Array(size) };
}
