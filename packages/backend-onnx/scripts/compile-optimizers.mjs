// Compiles src/optimizers/optimizers.wat to src/optimizers/optimizers-bytes.ts. Run it after every change to the .wat file:
//   npm run compile-optimizers --workspace @mlan/backend-onnx
// With --check it writes nothing and fails if the committed file is out of date.
import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import openWabt from "wabt";

const source = new URL("../src/optimizers/optimizers.wat", import.meta.url);
const target = new URL("../src/optimizers/optimizers-bytes.ts", import.meta.url);

const wabt = await openWabt();
const module = wabt.parseWat("optimizers.wat", await readFile(source, "utf8"), { simd: true });
const bytes = Buffer.from(module.toBinary({}).buffer);
const file = [
  "/** optimizers.wat, compiled by scripts/compile-optimizers.mjs. Do not edit. */",
  `export const OPTIMIZERS_BYTES: string = "${bytes.toString("base64")}";`,
  "",
].join("\n");

if (!argv.includes("--check")) await writeFile(target, file);
else if ((await readFile(target, "utf8")) !== file)
  throw new Error("optimizers-bytes.ts is not optimizers.wat, compiled: run this script without --check");
