import * as library from "@huggingface/jinja";

export interface JinjaTemplate {
  /** Renders the template. Throws an Error with the cause; endless loops and endless output are errors. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/**
 * Parses a chat template with the settings of transformers (`trim_blocks`, `lstrip_blocks`). Throws an Error whose
 * message says why the template cannot be parsed.
 */
export function parseJinja(source: string): JinjaTemplate {
  if (source.length > LONGEST_SOURCE)
    throw new Error(`it has ${source.length} characters; at most ${LONGEST_SOURCE} are supported`);
  // The library's patterns take quadratic time on long runs of whitespace.
  if (LONG_SPACE.test(source)) throw new Error("it has thousands of white-space characters in a row");
  const program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  return {
    render(variables) {
      const environment = new Environment();
      for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
      return String(new BoundedInterpreter(environment).run(program).value);
    },
  };
}

/** Maximum number of characters of a template. Published templates have up to about 40,000. */
const LONGEST_SOURCE = 250_000;
const LONG_SPACE = /(?<!\s)\s{4000}/;
/** Maximum number of evaluations in one rendering. A turn takes about a hundred. */
const MOST_STEPS = 500_000;
/** Number of evaluations that an item of an iterated list counts as. */
const STEPS_PER_ITEM = 10;
/** Maximum number of characters of a string, and of items of a list. */
const LONGEST_TEXT = 10_000_000;
const LONGEST_LIST = 1_000_000;
/** Number of characters, processed by a filter or an operator, that count as one evaluation. */
const CHARACTERS_PER_STEP = 100;

// The library's declarations use imports without extensions, which NodeNext does not resolve.
interface Value {
  readonly type: string;
  readonly value: unknown;
}
interface Scope {
  set(name: string, value: unknown): unknown;
}
interface Runner {
  run(program: unknown): Value;
  evaluate(statement: unknown, environment: Scope): Value;
}
interface Library {
  readonly Environment: new () => Scope;
  readonly Interpreter: new (environment: Scope) => Runner;
  readonly parse: (tokens: unknown) => unknown;
  readonly tokenize: (source: string, options: Readonly<Record<string, boolean>>) => unknown;
}
const { Environment, Interpreter, parse, tokenize }: Library = library;

/** An interpreter with limits, which are checked in the method that evaluates every part of a program. */
class BoundedInterpreter extends Interpreter {
  private steps = 0;
  /** Expressions whose values are iterated directly (by a loop, filter, operator or slice), bypassing `evaluate`. */
  private readonly walked = new WeakSet<object>();

  override evaluate(statement: unknown, environment: Scope): Value {
    for (const part of walkedParts(statement)) this.walked.add(part);
    const result = super.evaluate(statement, environment);
    const { value } = result;
    const [characters, items] = [typeof value === "string" ? value.length : 0, Array.isArray(value) ? value.length : 0];
    if (characters > LONGEST_TEXT) throw new Error(`it makes a text of ${characters} characters`);
    if (items > LONGEST_LIST) throw new Error(`it makes a list of ${items} items`);
    const isWalked = typeof statement === "object" && statement !== null && this.walked.has(statement);
    this.steps += 1 + (isWalked ? items * STEPS_PER_ITEM + characters / CHARACTERS_PER_STEP : 0);
    if (this.steps > MOST_STEPS) throw new Error(`it takes more than ${MOST_STEPS} steps`);
    return result;
  }
}

/** Returns the expressions whose values a statement iterates over. */
function walkedParts(statement: unknown): readonly object[] {
  const { type, iterable, operand, left, right, object, property } = Object(statement);
  const parts: readonly unknown[] =
    type === "For"
      ? [iterable?.type === "SelectExpression" ? iterable.lhs : iterable]
      : type === "FilterExpression"
        ? [operand]
        : type === "BinaryExpression"
          ? [left, right]
          : type === "MemberExpression" && property?.type === "SliceExpression"
            ? [object]
            : [];
  return parts.filter((part): part is object => typeof part === "object" && part !== null);
}

/** The variables that transformers passes to every template, and the constants of the language. */
const GLOBALS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  strftime_now: (format: unknown) => String(format).replace(/%-?[a-zA-Z%]/g, (part) => DATE[part] ?? part),
  tools: null,
  documents: null,
};

/**
 * The default date of templates since Llama 3.1. It is fixed, because a model's input must not depend on the day of the
 * run.
 */
const DATE: Readonly<Record<string, string>> = {
  "%Y": "2024",
  "%y": "24",
  "%m": "07",
  "%-m": "7",
  "%b": "Jul",
  "%B": "July",
  "%d": "26",
  "%-d": "26",
  "%A": "Friday",
  "%a": "Fri",
  "%H": "00",
  "%M": "00",
  "%S": "00",
  "%%": "%",
};

/** Python's `range` with a limit. The library's own would exhaust memory for a large number. */
function range(first: unknown, second?: unknown, third: unknown = 1): readonly number[] {
  const [start, stop] = second === undefined || second === null ? [0, Number(first)] : [Number(first), Number(second)];
  const step = Number(third);
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (step === 0 || !(length <= LONGEST_LIST)) throw new Error(`range(${start}, ${stop}, ${step}) is too long`);
  return Array.from({ length }, (_, index) => start + index * step);
}
