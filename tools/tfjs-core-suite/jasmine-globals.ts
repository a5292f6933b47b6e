import { createRequire } from "node:module";

/** What Jasmine tells about one test, or about what stands around tests. */
export interface JasmineSpec {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

/** As much of Jasmine's interface as is used here. */
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

/** Puts describe, it, expect, ... into the global scope; they have to be there before the first test is imported. */
export const JASMINE: JasmineEnvironment = core.boot().getEnv();
