import { type Command, InvalidArgumentError } from "commander";

/** Parses the value of an option that is a whole number, `least` or more. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  };
}

/** Parses the value of an option that is a number from `least` to `most`; without `least` itself where it is excluded. */
export function numberWithin(
  least: number,
  most: number = Infinity,
  excluded: boolean = false,
): (value: string) => number {
  return (value) => {
    const number = value.trim() === "" ? NaN : Number(value);
    if (number <= most && number < Infinity && (excluded ? number > least : number >= least)) return number;
    const upTo = most === Infinity ? "" : ` to ${most}`;
    throw new InvalidArgumentError(`It must be a number ${excluded ? "above" : "from"} ${least}${upTo}.`);
  };
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/**
 * Ends the command with an error when one of these options is missing. Commander's own check for required options would
 * run before its check for misspelt ones.
 */
export function requireOptions(command: Command, names: readonly string[]): void {
  const missing = command.options.find(
    (option) => names.includes(option.attributeName()) && command.getOptionValue(option.attributeName()) === undefined,
  );
  if (missing) command.error(`error: required option '${missing.flags}' not specified`);
}
