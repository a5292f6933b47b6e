import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { installedBinding } from "@mlan/backend-tensorflow";
import { describe, expect, test } from "vitest";
import { type Machine, machine, unpackedWheel } from "./machine.ts";
import { install } from "./outcome.ts";

const VERSION = `case "$*" in *--version*) echo 'g++ (Test) 12.2.0'; echo 'Copyright'; exit 0;; esac`;
/** Writes the file named by -o, as a compiler does. */
const WRITES = 'while [ "$1" != -o ]; do shift; done; echo "no machine code" > "$2"';

const bindings = ({ folder }: Machine): readonly string[] =>
  existsSync(join(folder, "cache/tensorflow/bindings")) ? readdirSync(join(folder, "cache/tensorflow/bindings")) : [];

async function ready(here: Machine): Promise<{ readonly library: string }> {
  return { library: await unpackedWheel(here, "site") };
}

describe("without a compiler", () => {
  test.each([
    ["usr/bin/apt-get", "apt-get install g++;"],
    ["usr/bin/dnf", "dnf install gcc-c++;"],
    ["usr/bin/apk", "apk add g++;"],
    ["etc/nothing", "apt-get install g++ (Debian, Ubuntu) or dnf install gcc-c++ (Fedora, RHEL);"],
  ])("a system with %s is told: %s", async (path, command) => {
    await using here = await machine();
    await here.file(`root/${path}`);
    const { error } = await install(here, await ready(here));
    expect(error).toBe(
      "unavailable: No C++ compiler was found; tried g++ (not on PATH), c++ (not on PATH), clang++ (not on PATH). " +
        `Install one: ${command} or set CXX to one.`,
    );
  });

  test("one that cannot be started is named with the reason", async () => {
    await using here = await machine({ variables: { CXX: "nvc++ -m64" } });
    await here.program("bin/g++", "echo 'You have not agreed to the licence' >&2; exit 69");
    const { error } = await install(here, await ready(here));
    expect(error).toContain("tried nvc++ (not on PATH), g++ (You have not agreed to the licence), c++ (not on PATH)");
  });
});

test("missing sources of tfjs-node-gpu are reported with the npm command", async () => {
  await using here = await machine({ bindingPackage: undefined });
  const place = await ready(here);
  const command = "Install it: npm install --ignore-scripts @tensorflow/tfjs-node-gpu@4.22.0";
  expect((await install(here, place)).error).toBe(
    `unavailable: @tensorflow/tfjs-node-gpu is not installed (npm omits it when its install script fails). ${command}`,
  );
  const hollow = { ...here.environment, bindingPackage: join(here.folder, "hollow") };
  const { error } = await install({ environment: hollow }, place);
  expect(error).toContain(`${join(here.folder, "hollow/binding/tfjs_backend.cc")} does not exist. ${command}`);
});

describe("a compiler", () => {
  test("is that of CXX or else g++; it gets sources, headers, and the library with its folder", async () => {
    for (const chosen of ["own-compiler", "g++"]) {
      await using here = await machine();
      const log = join(here.folder, "words.txt");
      await here.program("bin/own-compiler", `${VERSION}\necho "own-compiler $@" >> ${log}\n${WRITES}`);
      await here.program("bin/g++", `${VERSION}\necho "g++ $@" >> ${log}\n${WRITES}`);
      const variables = chosen === "g++" ? {} : { CXX: "own-compiler --fast" };
      const environment = { ...here.environment, variables: { ...here.environment.variables, ...variables } };
      const { library } = await ready(here);
      const { lines } = await install({ environment }, { library });
      expect(lines).toContainEqual("Compiling tfjs-node-gpu 4.22.0 with g++ (Test) 12.2.0");
      const calls = (await readFile(log, "utf8")).trim().split("\n");
      expect(calls).toHaveLength(4);
      const first = chosen === "g++" ? "g++ " : "own-compiler --fast ";
      for (const call of calls) expect(call.startsWith(first)).toBe(true);
      const extension = calls.find((call) => call.includes("extension.cc"));
      expect(extension).not.toContain("-DTFE_NewContext");
      const backend = calls.find((call) => call.includes("binding/tfjs_backend.cc"));
      expect(backend).toContain("-DTFE_NewContext=mlan_TFE_NewContext");
      expect(backend).toContain(`-I${join(library, "include")}`);
      expect(calls.at(-1)).toContain(
        `${join(library, "libtensorflow_cc.so.2")} ${join(library, "libtensorflow_framework.so.2")} -Wl,-rpath,${library}`,
      );
    }
  });

  test("that fails is quoted: first errors and the whole log", async () => {
    await using here = await machine();
    await here.program(
      "bin/g++",
      `${VERSION}\necho "In file included"\necho "a.h:1:2: error: no such type" >&2; exit 1`,
    );
    const { error } = await install(here, await ready(here));
    const log = join(here.folder, "cache/tensorflow/compile.log");
    expect(error).toMatch(
      /^unavailable: g\+\+ \(g\+\+ \(Test\) 12\.2\.0\) cannot compile the binding for TensorFlow 2\.21\.0/,
    );
    expect(error).toContain("\n  a.h:1:2: error: no such type");
    expect(error).not.toContain("In file included");
    expect(error).toContain(`The whole output is in ${log}. The compiler must support C++17`);
    expect(await readFile(log, "utf8")).toContain("In file included");
    expect(bindings(here)).toEqual([]);
  });

  test.each([
    ["GNU ld", "/usr/bin/ld: a.o: warning: undefined reference to \\`TFE_Execute'"],
    ["gold", "a.o: warning: undefined reference to 'TFE_Execute'"],
    ["lld", "ld.lld: warning: undefined symbol: TFE_Execute"],
  ])("whose linker (%s) misses symbols ends with their names, and without those of Node", async (_, warning) => {
    await using here = await machine();
    const warn = (text: string): string => `echo "${text}" >&2`;
    const linking = [warn(warning), warn(warning), warn(warning.replace("TFE_Execute", "napi_create_array"))];
    await here.program("bin/g++", `${VERSION}\ncase "$*" in *-shared*) ${linking.join(";")};; esac\n${WRITES}`);
    const { library } = await ready(here);
    const { error } = await install(here, { library });
    expect(error).toBe(
      `unavailable: The TensorFlow in ${library} (version 2.21.0) lacks symbols that the binding needs: TFE_Execute. ` +
        "Install a different version (2.21 is verified): .venv/bin/pip install tensorflow==2.21.0",
    );
    expect(bindings(here)).toEqual([]);
  });

  test("whose addon cannot be loaded ends with the loader's message, and leaves nothing", async () => {
    await using here = await machine();
    await here.program("bin/g++", `${VERSION}\n${WRITES}`);
    const { error } = await install(here, await ready(here));
    expect(error).toMatch(/^unavailable: The binding was built for TensorFlow 2\.21\.0 in \S+ and does not work: /);
    expect(error).toMatch(/tfjs_binding\.node: (file too short|invalid ELF header)|not a mach-o/);
    expect(error).toContain("2.21 is verified");
    expect(bindings(here)).toEqual([]);
    expect(installedBinding(here.environment)).toBe(undefined);
  });
});
