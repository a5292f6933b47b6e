import { Argument, type Command } from "commander";
import type { CommandContext } from "./command-context.ts";

interface Options {
  readonly wheel?: string;
  readonly library?: string;
  readonly python?: string;
  readonly force?: true;
}

const EXAMPLES = `
Examples:
  $ mlan backend install tensorflow                      uses the first TensorFlow that it finds (see below)
  $ mlan backend install tensorflow --python ~/tf/bin/python
  $ mlan backend install tensorflow --wheel tensorflow-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl

Builds the native binding between Node and TensorFlow with the system's C++ compiler, tests it, and stores it in the
cache (MLAN_CACHE, by default ~/.cache/mlan). Needs @mlan/trainer-gpu. Run mlan doctor to see what is missing.

Without --wheel, --library or --python, the first TensorFlow found in these places is used: the folder or wheel in the
environment variable MLAN_TENSORFLOW, the Python in MLAN_PYTHON, an active environment, .venv, python3, the cache.
`;

export function addBackendCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("backend")
    .description("Install the native code of a backend.")
    .command("install")
    .description("Build the native code of a backend for this machine.")
    .addArgument(new Argument("<backend>", "name of the backend").choices(["tensorflow"]))
    .option("--wheel <file>", "TensorFlow's Python wheel (Python itself is not needed)")
    .option("--library <folder>", "folder of an unpacked wheel, or of the C library (with lib and include in it)")
    .option("--python <python>", "Python in which tensorflow or tensorflow-cpu is installed")
    .option("--force", "rebuild the binding even if it works")
    .addHelpText("after", EXAMPLES)
    .action(async (_: string, options: Options) => {
      const { installBackend } = await import("../work/install-backend.ts");
      terminal.print((await installBackend(options, (line) => terminal.note(terminal.paint.dim(line)))).join("\n"));
    });
}
