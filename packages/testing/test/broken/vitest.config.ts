import { defineConfig } from "vitest/config";

const conditions = ["@mlan/source", "node", "import", "module", "default"];

/** Plugins that break their contracts. `contracts-can-fail.test.ts` runs them and counts the failures. */
export default defineConfig({
  test: { include: ["*.case.ts"] },
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
});
