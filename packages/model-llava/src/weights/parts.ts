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

/** Returns the number of parameters of the language model. */
export function languageParameters(weights: readonly Weight[]): number {
  return weights.reduce((sum, { component, size }) => sum + (component === "language" ? size : 0), 0);
}

function isLinear(member: Linear | WeightPart): member is Linear {
  return typeof member.apply === "function";
}
