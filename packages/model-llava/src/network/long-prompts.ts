import * as tf from "@tensorflow/tfjs-core";
import { type LanguageConfig, trainedPositions } from "../config/language-config.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { mapRotaryTable, type RotaryPosition, type RotaryTable, disposeRotaryTable } from "./rotary.ts";

/** The part of a prompt that a row computes. */
export interface RowPart {
  /** Number of positions in the prompt before this part. */
  readonly start: number;
  readonly length: number;
  readonly whole: number;
}

/** Returns whether the rotations of a prompt depend on its length. Such a prompt cannot share a prefix. */
export function rotationsDependOnLength(config: LanguageConfig, whole: number): boolean {
  return config.ropeScaling?.type === "dynamic" && whole > trainedPositions(config);
}

/**
 * Returns the rotations [parts.length, length, dimension / 2] of prompts if a rotation depends on its prompt's length.
 * Otherwise returns undefined, and the rotation table applies. The caller disposes of the result.
 */
export function rotationsByLength(
  { decoder, constants }: LlavaNetwork,
  parts: readonly RowPart[],
  length: number,
): RotaryTable | undefined {
  if (!parts.some(({ whole }) => rotationsDependOnLength(decoder.config, whole))) return undefined;
  const positions = parts.flatMap((part) => positionsOf(part, length));
  const flat = constants.rotationsOf(positions);
  const shaped = mapRotaryTable(flat, (tensor) => tf.reshape(tensor, [parts.length, length, -1]));
  disposeRotaryTable(flat);
  return shaped;
}

/** Returns the positions of a part. Padding repeats the last position. */
function positionsOf({ start, length, whole }: RowPart, padded: number): readonly RotaryPosition[] {
  return Array.from({ length: padded }, (_, index) => ({
    position: start + Math.min(index, length - 1),
    sequenceLength: whole,
  }));
}
