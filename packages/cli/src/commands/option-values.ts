import { type Command, InvalidArgumentError } from "commander";

/** Parses the value of an option that is a whole number, `least` or more. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
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
