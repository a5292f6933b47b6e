import * as tf from "@tensorflow/tfjs-core";
import { type LanguageConfig, trainedPositions } from "../config/language-config.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { mapRotaryTable, type RotaryPosition, type RotaryTable, disposeRotaryTable } from "./rotary.ts";

/** The part of a prompt that a row computes. */
export interface RowPart {
  /** Positions of the prompt before it. */
  readonly start: number;
  /** Positions of it. */
  readonly length: number;
  /** Positions of the whole prompt. */
  readonly whole: number;
}

/** Whether the length of a prompt decides how its positions turn, so that nothing of it is like in other prompts. */
export function turnsByLength(config: LanguageConfig, whole: number): boolean {
  return config.ropeScaling?.type === "dynamic" && whole > trainedPositions(config);
}

/**
 * The rotations [parts.length, length, dimension / 2] of prompts of which some turn by their length; undefined when none does,
 * so that the table serves. They are the caller's.
 */
export function rotationsByLength(
  { decoder, constants }: LlavaNetwork,
  parts: readonly RowPart[],
  length: number,
): RotaryTable | undefined {
  if (!parts.some(({ whole }) => turnsByLength(decoder.config, whole))) return undefined;
  const positions = parts.flatMap((part) => positionsOf(part, length));
  const flat = constants.rotationsOf(positions);
  const shaped = mapRotaryTable(flat, (tensor) => tf.reshape(tensor, [parts.length, length, -1]));
  disposeRotaryTable(flat);
  return shaped;
}

/** Padding is as the last position. */
function positionsOf({ start, length, whole }: RowPart, padded: number): readonly RotaryPosition[] {
  return Array.from({ length: padded }, (_, index) => ({
    position: start + Math.min(index, length - 1),
    reach: whole,
  }));
}
