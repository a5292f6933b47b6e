import { createScope, type Plugin, plugin, type Scope, token } from "@mlan/core";
import { describe, expect, it } from "vitest";

const WORD = token<string>("test/word@1");
const SENTENCE = token<{ text: string }>("test/sentence@1");

const word = (text: string): Plugin<string> => plugin({ name: `word ${text}`, token: WORD, create: () => text });
const sentence = plugin({
  name: "sentence",
  token: SENTENCE,
  create: (scope: Scope) => ({ text: `${scope.get(WORD)}.` }),
});

describe("a scope", () => {
  it("returns the service of the last plugin", () => {
    const scope = createScope([word("one"), word("two")]);
    expect(scope.get(WORD)).toBe("two");
  });

  it("makes a service once", () => {
    const scope = createScope([word("one"), sentence]);
    expect(scope.get(SENTENCE)).toBe(scope.get(SENTENCE));
  });

  it("says what is missing and what to do", () => {
    expect(() => createScope().get(WORD)).toThrow("Nothing provides test/word@1. Add a plugin for it to `use`.");
    expect(createScope().find(WORD)).toBeUndefined();
  });

  it("shows the circle of plugins that need each other", () => {
    const egg = token<unknown>("test/egg@1");
    const hen = token<unknown>("test/hen@1");
    const scope = createScope([
      { name: "egg", token: egg, create: (inner) => inner.get(hen) },
      { name: "hen", token: hen, create: (inner) => inner.get(egg) },
    ]);
    expect(() => scope.get(egg)).toThrow("egg -> hen -> egg");
  });

  it("disposes what it made, newest first, and nothing else", async () => {
    const log: string[] = [];
    const disposable = (name: string): Plugin =>
      plugin({ name, token: token(`test/${name}@1`), create: () => ({ [Symbol.dispose]: () => log.push(name) }) });
    const scope = createScope([disposable("first"), disposable("second"), disposable("never asked for")]);
    scope.get(token("test/first@1"));
    scope.get(token("test/second@1"));
    await scope[Symbol.asyncDispose]();
    expect(log).toEqual(["second", "first"]);
  });
});
