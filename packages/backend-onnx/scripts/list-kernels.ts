import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ALL_KERNELS } from "../src/kernels/all-kernels.ts";
import { LEFT_OUT_KERNELS } from "../src/kernels/left-out-kernels.ts";

// Updates the lists of kernels in KERNELS.md: `npm run list-kernels`.

const WIDTH = 120;

/** Returns the page with up-to-date lists between their markers. Throws if a marker is missing. */
export function withKernelList(page: string): string {
  const names = ALL_KERNELS.map(({ kernelName }) => kernelName);
  const leftOut = LEFT_OUT_KERNELS.map(({ reason, kernelNames }) => wrapped(kernelNames, `- ${reason}:`));
  return between(between(page, "kernels", wrapped(names)), "left out", leftOut.join("\n"));
}

function between(page: string, title: string, text: string): string {
  const [begin, end] = [`<!-- ${title}: written by scripts/list-kernels.ts -->`, `<!-- /${title} -->`];
  const [start, stop] = [page.indexOf(begin), page.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`KERNELS.md needs the lines ${begin} and ${end}`);
  return `${page.slice(0, start)}${begin}\n${text}\n${page.slice(stop)}`;
}

/** The names in alphabetical order after `head`, wrapped; continuation lines are indented. */
function wrapped(unsorted: readonly string[], head = ""): string {
  const names = unsorted.toSorted();
  const lines = [head];
  for (const [index, name] of names.entries()) {
    const item = `${name}${index < names.length - 1 ? "," : "."}`;
    const last = lines.pop() ?? "";
    if (last === "") lines.push(item);
    else if (last.length + item.length < WIDTH) lines.push(`${last} ${item}`);
    else lines.push(last, head === "" ? item : `  ${item}`);
  }
  return lines.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = new URL("../KERNELS.md", import.meta.url);
  writeFileSync(page, withKernelList(readFileSync(page, "utf8")));
}
