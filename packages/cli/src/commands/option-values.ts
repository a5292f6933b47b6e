import { type Command, InvalidArgumentError } from "commander";

/** Returns a parser for an option that is a whole number, `least` or more. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
  };
}

/** Returns a parser for an option that is a number from `least` to `most`. `excluded` excludes `least` itself. */
export function numberWithin(
  least: number,
  most: number = Infinity,
  excluded: boolean = false,
): (value: string) => number {
  return (value) => {
    const number = value.trim() === "" ? NaN : Number(value);
    if (number <= most && number < Infinity && (excluded ? number > least : number >= least)) return number;
    const above = `greater than ${least}${most === Infinity ? "" : ` and at most ${most}`}`;
    const from = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a number ${excluded ? above : from}.`);
  };
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/**
 * Ends the command with an error when one of these options is missing. Commander's own check would run before the check
 * for misspelled options.
 */
export function requireOptions(command: Command, names: readonly string[]): void {
  const missing = command.options.find(
    (option) => names.includes(option.attributeName()) && command.getOptionValue(option.attributeName()) === undefined,
  );
  if (missing) command.error(`error: required option '${missing.flags}' not specified`);
}

/** Parses an option in GB (10^9 bytes). */
export function gigabytes(value: string): number {
  const number = Number(value);
  if (number > 0 && number < Infinity) return number;
  throw new InvalidArgumentError("It must be a number of gigabytes, such as 80.");
}

/** Adds a value such as `math=./math-lora` to an object that maps names to checkpoints. */
export function namedCheckpoint(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, checkpoint] = /^([^=]+)=(.+)$/s.exec(value) ?? [];
  if (name !== undefined && checkpoint !== undefined) return { ...before, [name]: checkpoint };
  throw new InvalidArgumentError("It must be a name and a checkpoint, such as math=./math-lora.");
}
