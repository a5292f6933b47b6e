import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

it("waits are not sent to a process that no longer listens, which is no error", async () => {
  const module = new URL("../src/work/study-waits.ts", import.meta.url);
  const script = `
    import { sendWaits } from ${JSON.stringify(module.href)};
    process.disconnect();
    sendWaits([]);
  `;
  const options = ["--import", import.meta.resolve("tsx"), "--conditions=@mlan/source", "--input-type=module"];
  const child = spawn(process.execPath, [...options, "--eval", script], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  expect(await once(child, "close")).toEqual([0, null]);
});
