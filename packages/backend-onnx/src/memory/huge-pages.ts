import { readFileSync } from "node:fs";
import koffi, { type LibraryHandle } from "koffi";

/** Addresses from `start` up to, but not including, `end`. */
interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

const HUGE_PAGE = 2n ** 21n;

/**
 * Calls `allocate`, and lets Linux move the memory that it allocates into huge pages on a different thread. A processor
 * reads huge pages faster, since it looks up fewer addresses. Nothing happens on other systems, or once the system has
 * refused several times, as it does when memory is fragmented.
 */
export function inHugePages<Result>(allocate: () => Result): Result {
  if (process.platform !== "linux" || refusals >= MOST_REFUSALS) return allocate();
  const before = anonymousMemory();
  const result = allocate();
  for (const range of withoutRanges(anonymousMemory(), before)) collapse(range);
  return result;
}

/** Number of refusals after which the system is no longer asked. */
const MOST_REFUSALS = 8;
let refusals = 0;
let madvise: ReturnType<LibraryHandle["func"]> | undefined;
/** MADV_COLLAPSE, from Linux 6.1 on. Older kernels refuse it. */
const COLLAPSE = 25;

function collapse({ start, end }: Range): void {
  const first = ((start + HUGE_PAGE - 1n) / HUGE_PAGE) * HUGE_PAGE;
  const byteLength = (end / HUGE_PAGE) * HUGE_PAGE - first;
  if (byteLength <= 0n) return;
  madvise ??= koffi.load("libc.so.6").func("int madvise(void*, size_t, int)");
  // If the memory has been unmapped in the meantime, the call fails without harm.
  madvise.async(first, byteLength, COLLAPSE, (_: unknown, status: number) => {
    if (status !== 0) refusals++;
  });
}

/** Returns the process's memory that is neither a file nor shared, in ascending order. */
function anonymousMemory(): readonly Range[] {
  const maps = readFileSync("/proc/self/maps", "latin1");
  return Array.from(maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *(?:\[heap\])?$/gm), ([, start, end]) => ({
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
  }));
}

/** Returns the parts of `all` outside of `others`; both are in ascending order. */
function withoutRanges(all: readonly Range[], others: readonly Range[]): readonly Range[] {
  const left: Range[] = [];
  let next = 0;
  for (const { start, end } of all) {
    let from = start;
    for (; next < others.length; next++) {
      const other = others[next];
      if (!other || other.start >= end) break;
      if (other.start > from) left.push({ start: from, end: other.start });
      if (other.end > from) from = other.end;
      if (other.end > end) break;
    }
    if (from < end) left.push({ start: from, end });
  }
  return left;
}
