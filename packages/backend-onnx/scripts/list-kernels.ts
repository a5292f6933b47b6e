import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ALL_KERNELS } from "../src/kernels/all-kernels.ts";

// Writes the list of kernels into the README: `npm run list-kernels`.

const [BEGIN, END] = ["<!-- kernels: written by scripts/list-kernels.ts -->", "<!-- /kernels -->"];
const WIDTH = 120;

/** The README with the list of today between its two marks; throws if it has no marks. */
export function withKernelList(readme: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md needs the lines ${BEGIN} and ${END}`);
  const names = ALL_KERNELS.map(({ kernelName }) => kernelName).toSorted();
  return `${readme.slice(0, begin)}${BEGIN}\n${wrapped(names)}\n${readme.slice(end)}`;
}

function wrapped(names: readonly string[]): string {
  const lines = [""];
  for (const [index, name] of names.entries()) {
    const item = `${name}${index < names.length - 1 ? "," : "."}`;
    const last = lines.pop() ?? "";
    if (last === "") lines.push(item);
    else if (last.length + item.length < WIDTH) lines.push(`${last} ${item}`);
    else lines.push(last, item);
  }
  return lines.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const readme = new URL("../README.md", import.meta.url);
  writeFileSync(readme, withKernelList(readFileSync(readme, "utf8")));
}
