import { type Command, InvalidArgumentError } from "commander";

/** A reader of options that are whole numbers from `least`. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  };
}

/** A reader of an option that may be repeated: all its values. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/**
 * Ends the command when one of these options is missing. Commander's own required options would be asked for before a
 * misspelt one is noticed.
 */
export function requireOptions(command: Command, names: readonly string[]): void {
  const missing = command.options.find(
    (option) => names.includes(option.attributeName()) && command.getOptionValue(option.attributeName()) === undefined,
  );
  if (missing) command.error(`error: required option '${missing.flags}' not specified`);
}
