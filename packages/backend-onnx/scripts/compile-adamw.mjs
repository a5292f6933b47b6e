// Compiles src/adamw/adamw.wat to src/adamw/adamw-bytes.ts. Run it after every change of the .wat file:
//   npm run compile-adamw --workspace @mlan/backend-onnx
// With --check it writes nothing and fails when the committed file is not what would be written.
import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import openWabt from "wabt";

const source = new URL("../src/adamw/adamw.wat", import.meta.url);
const target = new URL("../src/adamw/adamw-bytes.ts", import.meta.url);

const wabt = await openWabt();
const module = wabt.parseWat("adamw.wat", await readFile(source, "utf8"), { simd: true });
const bytes = Buffer.from(module.toBinary({}).buffer);
const file = [
  "/** adamw.wat, compiled by scripts/compile-adamw.mjs. Do not edit. */",
  `export const ADAMW_BYTES: string = "${bytes.toString("base64")}";`,
  "",
].join("\n");

if (!argv.includes("--check")) await writeFile(target, file);
else if ((await readFile(target, "utf8")) !== file)
  throw new Error("adamw-bytes.ts is not adamw.wat, compiled: run this script without --check");
