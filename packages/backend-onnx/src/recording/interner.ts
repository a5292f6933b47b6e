import type { Attributes, ElementType, Operation } from "../graph/graph.ts";
import type { StoredType } from "../graph/onnx-type.ts";

/** Assigns numbers to strings. Equal strings get equal numbers, so that programs are compared as numbers. */
export interface Interner {
  number(text: string): number;
}

/** The maximum size of an {@link Interner}. */
export interface InternerLimits {
  readonly strings: number;
  readonly characters: number;
}

/**
 * Creates an interner. Its table is cleared when it exceeds the limits. Numbers are never reused, so an older program
 * may be compiled again, but is never confused with a different one.
 */
export function interner(limits: InternerLimits = { strings: 100_000, characters: 2 ** 23 }): Interner {
  const numbers = new Map<string, number>();
  let characters = 0;
  let next = 0;
  return {
    number(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      if (numbers.size >= limits.strings || characters >= limits.characters) {
        numbers.clear();
        characters = 0;
      }
      characters += text.length;
      numbers.set(text, next);
      return next++;
    },
  };
}

/** Returns a string that describes a node completely, except for the sources of its inputs. */
export function kindText(
  operation: Operation,
  inputs: number,
  results: readonly { readonly shape: readonly number[]; readonly dtype: ElementType }[],
  attributes: Attributes,
): string {
  let text = `${operation.name}/${inputs}`;
  for (const result of results) text += `:${typeText(result)}`;
  for (const name in attributes) text += `;${name}=${attributeText(attributes[name])}`;
  return text;
}

interface Typed {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly storedType?: StoredType | undefined;
}

export function typeText({ shape, dtype, storedType }: Typed): string {
  return `${storedType ?? dtype}[${shape.join()}]`;
}

// JSON does not distinguish NaN from the infinities, nor -0 from 0.
function attributeText(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return `[${Array.from(value as ArrayLike<unknown>, attributeText).join()}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${name}:${attributeText(member)}`)
      .join()}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
