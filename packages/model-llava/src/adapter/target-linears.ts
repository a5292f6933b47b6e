import { type AdapterOptions, counted, MlanError, shownValue } from "@mlan/core";
import type { AdaptableLinear } from "../linear/adaptable-linear.ts";
import type { Linear } from "../linear/linear.ts";

/** The linear maps of a network that can be adapted. */
export interface AdaptableNetwork {
  readonly linears: readonly AdaptableLinear[];
  /** The output layer. It is adapted only if the options name it. */
  readonly head: Linear;
}

/**
 * Returns the linear maps that the options of an adapter select. The rules are those of PEFT's `target_modules`,
 * limited to the language model. Throws `invalid-options` for a target without a match, and for a rank greater than a
 * dimension of its matrix.
 */
export function targetLinears(
  { linears, head }: AdaptableNetwork,
  { targets, rank }: Pick<AdapterOptions, "targets" | "rank">,
): readonly AdaptableLinear[] {
  const language = linears.filter(({ component }) => component === "language");
  const chosen =
    targets === undefined
      ? language.filter((linear) => linear !== head)
      : language.filter(({ name }) => matchesOf(targets).some((matches) => matches(name)));
  for (const [index, matches] of matchesOf(targets ?? []).entries()) {
    if (language.some(({ name }) => matches(name))) continue;
    throw withoutMatch(
      targets?.[index] === undefined || typeof targets === "string" ? targets : targets[index],
      linears,
      matches,
    );
  }
  for (const { name, inputs, outputs } of chosen) {
    if (rank <= Math.min(inputs, outputs)) continue;
    throw new MlanError(
      "invalid-options",
      `model-llava: an adapter of rank ${rank} is larger than "${name}", which is [${outputs}, ${inputs}]. Give a rank of at most ` +
        `${Math.min(inputs, outputs)}, or leave it out of \`targets\`.`,
    );
  }
  return chosen;
}

function matchesOf(targets: NonNullable<AdapterOptions["targets"]>): readonly ((name: string) => boolean)[] {
  if (typeof targets !== "string") return targets.map((end) => (name) => name === end || name.endsWith(`.${end}`));
  const pattern = new RegExp(`^(?:${targets})$`);
  return [(name) => pattern.test(name)];
}

function withoutMatch(
  target: string | readonly string[] | undefined,
  linears: readonly AdaptableLinear[],
  matches: (name: string) => boolean,
): MlanError {
  const frozen = linears.find(({ name }) => matches(name));
  if (frozen) {
    const part =
      frozen.component === "vision" ? "vision tower, which is frozen" : "projector, which is trained as a whole";
    return new MlanError(
      "invalid-options",
      `model-llava: the target ${shownValue(target)} of an adapter is in the ${part}; "${frozen.name}" is one. Adapters change only the language model.`,
    );
  }
  const language = linears.filter(({ component }) => component === "language").map(({ name }) => name);
  const ends = [...new Set(language.map((name) => name.slice(name.lastIndexOf(".") + 1)))];
  return new MlanError(
    "invalid-options",
    `model-llava: the target ${shownValue(target)} of an adapter matches none of the ${counted(language.length, "linear map")} of the language ` +
      `model, which end in ${ends.join(", ")}. Give some of these, or a regular expression that matches a whole name.`,
  );
}
