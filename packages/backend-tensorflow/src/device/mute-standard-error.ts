import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import koffi from "koffi";

/**
 * Calls `call` while the standard error of native code goes to a file, because TensorFlow's libraries print while they
 * are loaded, before they can be configured. If the call throws, the output is appended to the error's message.
 */
export function withMutedStandardError<Result>(call: () => Result): Result {
  const redirect = redirection();
  if (redirect === undefined) return call();
  const folder = mkdtempSync(join(tmpdir(), "mlan-tensorflow-"));
  const file = join(folder, "standard-error.txt");
  const target = openSync(file, "w");
  const restore = redirect(target);
  let restored = false;
  const end = (): string => {
    if (!restored) restore();
    restored = true;
    return readFileSync(file, "utf8").trim();
  };
  try {
    return call();
  } catch (error) {
    const printed = end();
    if (error instanceof Error && printed !== "") error.message += `\n${printed.slice(-2000)}`;
    throw error;
  } finally {
    end();
    closeSync(target);
    rmSync(folder, { recursive: true, force: true });
  }
}

const STANDARD_ERROR = 2;

/**
 * Returns a function that redirects standard error to an open file, and returns a function that restores standard
 * error. Returns undefined on platforms other than Linux and macOS.
 */
function redirection(): ((target: number) => () => void) | undefined {
  if (process.platform !== "linux" && process.platform !== "darwin") return undefined;
  const libc = koffi.load(process.platform === "linux" ? "libc.so.6" : "libSystem.B.dylib");
  const [dup, dup2, close] = [libc.func("int dup(int)"), libc.func("int dup2(int, int)"), libc.func("int close(int)")];
  return (target) => {
    const saved: number = dup(STANDARD_ERROR);
    dup2(target, STANDARD_ERROR);
    return () => {
      dup2(saved, STANDARD_ERROR);
      close(saved);
    };
  };
}
