import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// Writes src/page-script.ts, the script of the page with the libraries that it uses: `npm run bundle -w @mlan/report`.
// The file is committed, because the package also runs from its sources, without a bundler.

/** The text of src/page-script.ts. */
export async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../client/main.ts", import.meta.url))],
    bundle: true,
    minify: true,
    charset: "ascii",
    format: "iife",
    target: ["es2022"],
    write: false,
    logLevel: "warning",
  });
  // The page holds it in an element, which `</script` would end; `<!--` would begin a comment.
  const script = (outputFiles[0]?.text ?? "").trim().replaceAll(/<(?=\/script|!--|script)/gi, String.raw`\x3c`);
  return [HEADER, `export const PAGE_SCRIPT: string = ${JSON.stringify(script)};`, ""].join("\n");
}

const HEADER = `// Written by scripts/bundle.ts from client/ and its libraries; do not edit.
// It contains Observable Plot (ISC, Copyright 2020-2025 Observable, Inc.), D3 (ISC, Copyright 2010-2024 Mike Bostock),
// isoformat (ISC, Copyright 2021 Mike Bostock), and interval-tree-1d and binary-search-bounds (MIT, Copyright 2013
// Mikola Lysenko).`;

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(new URL("../src/page-script.ts", import.meta.url), await pageScript());
