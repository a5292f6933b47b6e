// Compiles src/adamw/adamw.wat to src/adamw/adamw-bytes.ts. Run it after every change of the .wat file:
//   npm run compile-adamw --workspace @mlan/backend-onnx
import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import openWabt from "wabt";

const source = new URL("../src/adamw/adamw.wat", import.meta.url);
const target = new URL("../src/adamw/adamw-bytes.ts", import.meta.url);

/** The TypeScript file with the compiled module. */
export async function compileAdamW() {
  const wabt = await openWabt();
  const module = wabt.parseWat("adamw.wat", await readFile(source, "utf8"), { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  return [
    "/** adamw.wat, compiled by scripts/compile-adamw.mjs. Do not edit. */",
    `export const ADAMW_BYTES: string = "${Buffer.from(buffer).toString("base64")}";`,
    "",
  ].join("\n");
}

if (argv[1] === fileURLToPath(import.meta.url)) await writeFile(target, await compileAdamW());
