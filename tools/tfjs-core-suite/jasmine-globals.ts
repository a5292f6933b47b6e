import { createRequire } from "node:module";

/** The result of a test, or of a suite, as Jasmine reports it. */
export interface JasmineSpec {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

/** The part of Jasmine's interface that is used here. */
interface JasmineEnvironment {
  configure(configuration: { readonly random: boolean }): void;
  addReporter(reporter: {
    specStarted(spec: JasmineSpec): void;
    specDone(spec: JasmineSpec): void;
    suiteDone(suite: JasmineSpec): void;
  }): void;
  execute(): Promise<unknown>;
}

const require: NodeJS.Require = createRequire(import.meta.url);
const core = require("jasmine-core") as { boot(): { getEnv(): JasmineEnvironment } };

/** Puts describe, it, expect, ... into the global scope; they must exist before the first test is imported. */
export const JASMINE: JasmineEnvironment = core.boot().getEnv();
