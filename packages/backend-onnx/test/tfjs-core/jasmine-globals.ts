import { createRequire } from "node:module";

/** What tfjs-core's tests find in the global scope, and the environment that runs them. */
interface JasmineCore {
  boot(): { getEnv(): JasmineEnvironment };
}

/** One failed expectation, or one error that a test threw. */
interface FailedExpectation {
  readonly message: string;
  readonly stack?: string;
}

/** What Jasmine knows about one test. */
export interface JasmineSpec {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly FailedExpectation[];
}

interface JasmineEnvironment {
  configure(configuration: {
    readonly random: boolean;
    readonly specFilter: (spec: { getFullName(): string }) => boolean;
  }): void;
  addReporter(reporter: {
    specStarted(spec: JasmineSpec): void;
    specDone(spec: JasmineSpec): void;
    suiteDone(suite: JasmineSpec): void;
    jasmineDone(run: Pick<JasmineSpec, "failedExpectations">): void;
  }): void;
  execute(): Promise<unknown>;
}

const require: NodeJS.Require = createRequire(import.meta.url);

/** Puts describe, it, expect, ... into the global scope; they have to be there before the first test is imported. */
export const JASMINE: JasmineEnvironment = (require("jasmine-core") as JasmineCore).boot().getEnv();
