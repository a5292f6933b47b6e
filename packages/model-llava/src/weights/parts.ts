import type { Linear } from "../linear/linear.ts";
import { Weight } from "./weight.ts";

/** A part of a network: weights, linear maps and smaller parts, by name. */
export type WeightPart = { readonly [name: string]: Weight | Linear | WeightPart };

export function linearsOf(part: WeightPart): readonly Linear[] {
  return Object.values(part).flatMap((member) => {
    if (member instanceof Weight) return [];
    return isLinear(member) ? [member] : linearsOf(member);
  });
}

/** Returns all weights of a part, including the weights of its linear maps. */
export function weightsOf(part: WeightPart): readonly Weight[] {
  return Object.values(part).flatMap((member) => {
    if (member instanceof Weight) return [member];
    return isLinear(member) ? member.weights : weightsOf(member);
  });
}

function isLinear(member: Linear | WeightPart): member is Linear {
  return typeof member.apply === "function";
}
