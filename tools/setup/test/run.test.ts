import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const run = fileURLToPath(new URL("../run.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mlan-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that prints the signals it receives, and ends when its standard input asks for it. */
const PROGRAM = `
let got = "";
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => console.log((got += signal + " ")));
process.stdin.on("data", () => process.exit(7));
console.log("ready");
`;

async function start(program: string) {
  const file = join(folder, "program.mts");
  writeFileSync(file, program);
  const child = spawn(process.execPath, [run, "source", file]);
  const lines = child.stdout.setEncoding("utf8")[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => (await lines.next()).value;
  expect(await next()).toBe("ready\n");
  return { child, next, ended: once(child, "exit") };
}

test("the program receives each signal of its starter once, and the starter returns its exit status", async () => {
  const { child, next, ended } = await start(PROGRAM);
  child.kill("SIGINT");
  expect(await next()).toBe("SIGINT \n");
  child.kill("SIGTERM");
  expect(await next()).toBe("SIGINT SIGTERM \n");
  child.kill("SIGHUP");
  expect(await next()).toBe("SIGINT SIGTERM SIGHUP \n");
  child.stdin.write("end");
  expect(await ended).toEqual([7, null]);
});

test("a signal that ends the program ends its starter", async () => {
  const { child, ended } = await start('console.log("ready"); setInterval(() => {}, 1000);');
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGTERM"]);
});
