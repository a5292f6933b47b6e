// The part of vitest that the tests of a backend use. esbuild replaces vitest by this file in the bundle. The matchers
// are vitest's.
import { format } from "node:util";
import { chai, customMatchers, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import { report } from "./report-line.ts";

type Body = (...row: readonly never[]) => unknown;
type Hook = "beforeAll" | "beforeEach" | "afterEach" | "afterAll";

interface Suite {
  readonly kind: "suite";
  readonly name: string;
  readonly skipped: boolean;
  readonly entries: (Suite | Test)[];
  readonly hooks: Readonly<Record<Hook, Body[]>>;
}

interface Test {
  readonly kind: "test";
  readonly name: string;
  readonly skipped: boolean;
  readonly body: Body;
}

for (const matchers of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(matchers);
/** Lacks the matchers that need vitest itself: snapshots, polling, mocks. */
export const expect = chai.expect;
const extend: unknown = Reflect.get(expect, "extend");
if (typeof extend === "function") extend.call(expect, expect, customMatchers);

const root = suiteOf("", false);
let current: Suite = root;

function suiteOf(name: string, skipped: boolean): Suite {
  return {
    kind: "suite",
    name,
    skipped,
    entries: [],
    hooks: { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] },
  };
}

function addSuite(name: string, skipped: boolean, body: Body): void {
  const outer = current;
  const suite = suiteOf(name, skipped);
  outer.entries.push(suite);
  current = suite;
  try {
    body();
  } finally {
    current = outer;
  }
}

function addTest(name: string, skipped: boolean, body: Body): void {
  current.entries.push({ kind: "test", name, skipped, body });
}

type Add = (name: string, skipped: boolean, body: Body) => void;

/** Adds the variants of `describe` and `it` that the tests use. */
function forms(add: Add) {
  const plain = (name: string, body: Body): void => add(name, false, body);
  return Object.assign(plain, {
    skip: (name: string, body: Body = () => {}): void => add(name, true, body),
    skipIf: (condition: unknown) => (name: string, body: Body) => add(name, Boolean(condition), body),
    each: (rows: readonly unknown[]) => (name: string, body: Body) => {
      for (const row of rows) {
        const values = Array.isArray(row) ? row : [row];
        add(titleOf(name, values), false, () => Reflect.apply(body, undefined, values));
      }
    },
  });
}

/**
 * Returns vitest's title: `$name` is the row's field with this name, and `%s` and similar placeholders are the row's
 * values.
 */
function titleOf(name: string, values: readonly unknown[]): string {
  const placed = name.replace(/\$(\w+)/g, (all, key: string) => {
    const value: unknown = Reflect.get(Object(values[0]), key);
    return value === undefined ? all : String(value);
  });
  const wanted = placed.match(/%[sdifjo]/g)?.length ?? 0;
  return wanted === 0 ? placed : format(placed, ...values.slice(0, wanted));
}

export const describe = forms(addSuite);
export const it = forms(addTest);
export const test = forms(addTest);

function hook(name: Hook) {
  return (body: Body): void => void current.hooks[name].push(body);
}

export const beforeAll = hook("beforeAll");
export const beforeEach = hook("beforeEach");
export const afterEach = hook("afterEach");
export const afterAll = hook("afterAll");

/** Runs all described tests, one after the other, and reports each. */
export async function runTests(): Promise<void> {
  await runSuite(root, "", { skipped: false, beforeEach: [], afterEach: [] });
}

interface Around {
  readonly skipped: boolean;
  readonly beforeEach: readonly Body[];
  readonly afterEach: readonly Body[];
}

async function runSuite(suite: Suite, prefix: string, outer: Around): Promise<void> {
  const around = {
    skipped: outer.skipped || suite.skipped,
    beforeEach: [...outer.beforeEach, ...suite.hooks.beforeEach],
    afterEach: [...suite.hooks.afterEach, ...outer.afterEach],
  };
  const problem = around.skipped ? undefined : await problemOf(suite.hooks.beforeAll);
  for (const entry of suite.entries) {
    const name = prefix === "" ? entry.name : `${prefix} > ${entry.name}`;
    if (entry.kind === "suite") await runSuite(entry, name, around);
    else if (around.skipped || entry.skipped) report({ kind: "test", name, outcome: "skipped" });
    else {
      const failed = problem ?? (await problemOf([...around.beforeEach, entry.body]));
      const after = await problemOf(around.afterEach);
      const message = failed ?? after;
      report(
        message === undefined
          ? { kind: "test", name, outcome: "passed" }
          : { kind: "test", name, outcome: "failed", message },
      );
    }
  }
  if (around.skipped) return;
  const message = await problemOf(suite.hooks.afterAll);
  if (message !== undefined) report({ kind: "test", name: `${prefix} (after all)`, outcome: "failed", message });
}

/** Returns the message of the first function that throws. */
async function problemOf(bodies: readonly Body[]): Promise<string | undefined> {
  for (const body of bodies) {
    try {
      await body();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}
