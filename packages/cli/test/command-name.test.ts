import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { folderAt } from "../src/project/folders.ts";
import { commandName, showCommand, withCommandName } from "../src/project/command-name.ts";

const INSTALLED = "file:///home/me/project/node_modules/@mlan/cli/dist/command-name.js";

test.each([
  ["npm/11.6.0 node/v24.0.0 linux x64 workspaces/false", "npx mlan"],
  ["pnpm/10.1.0 npm/? node/v24.0.0 linux x64", "pnpm exec mlan"],
  ["yarn/4.9.1 npm/? node/v24.0.0 linux x64", "yarn mlan"],
  [undefined, "mlan"],
])("started by %s it is typed as %s", (agent, typed) => {
  expect(commandName({ npm_config_user_agent: agent }, INSTALLED)).toBe(typed);
});

test("in a clone it is the script of the root, with the path quoted for a shell", () => {
  expect(commandName({})).toBe("npm run mlan --");
  expect(showCommand(new URL("runs/a-b.c/", pathToFileURL(`${process.cwd()}/`)))).toBe(
    "npm run mlan -- show runs/a-b.c",
  );
  const odd = pathToFileURL("/tmp/it's mine; rm -rf/");
  const words = showCommand(odd).slice("npm run mlan -- ".length);
  const printed = execFileSync("sh", ["-c", `printf '%s|' ${words}`], { encoding: "utf8" });
  expect(printed).toBe("show|/tmp/it's mine; rm -rf|");
});

// prettier-ignore
test.each([
  ["~/runs/a",  `${homedir()}/runs/a/`],
  ["~",         `${homedir()}/`],
  ["~me/a",     `${process.cwd()}/~me/a/`],
  ["./~/a",     `${process.cwd()}/~/a/`],
])("the folder %s is %s", (path, folder) => {
  expect(fileURLToPath(folderAt(path))).toBe(folder);
});

test("commands in a text are typed the same way, and nothing else is", () => {
  expect(
    withCommandName("Run npx mlan backend install tensorflow, or `npx mlan memory`; @mlan/cli and mlan need it."),
  ).toBe("Run npm run mlan -- backend install tensorflow, or `npm run mlan -- memory`; @mlan/cli and mlan need it.");
});

test("npm run mlan takes paths from the folder where it was typed", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlan-typed-")));
  const script = fileURLToPath(new URL("../../../tools/setup/run.mjs", import.meta.url));
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  // Start it as npm starts a script.
  const env = { ...process.env, INIT_CWD: folder, npm_lifecycle_event: "mlan" };
  try {
    const { stderr } = spawnSync(process.execPath, [script, "mlan", "show", "runs/x"], {
      cwd: root,
      env,
      encoding: "utf8",
    });
    expect(stderr).toContain(`${folder}/runs/x/ does not exist.`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
