import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Tests run on the sources: the condition stands first in every package's exports map. */
const conditions = ["@mlan/source", "node", "import", "module", "default"];

/** One vitest project per folder, so that `vitest --project data-boolq` names a package. */
const projects = ["packages", "tools"].flatMap((parent) =>
  readdirSync(new URL(`${parent}/`, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({
      root: `${parent}/${entry.name}`,
      test: { name: entry.name, include: ["test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
    })),
);

export default defineConfig({ test: { projects, pool: "forks", maxWorkers: 2 } });
