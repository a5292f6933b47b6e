/** Opens a checkpoint once, for ../open.ts. */
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MODEL, trainableModel } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import type { Opened, OpenRequest } from "../open/opened.ts";

for await (const line of createInterface({ input: process.stdin })) {
  const { folder, threads }: OpenRequest = JSON.parse(line);
  await using scope = createScope([onnx({ threads }), llama2({ weights: pathToFileURL(`${folder}/`) })]);
  const source = scope.get(MODEL);
  await scope.get(COMPUTE).open();
  const before = { time: performance.now(), processor: process.cpuUsage(), resident: process.memoryUsage().rss };
  const model = trainableModel(await source.open());
  const seconds = (performance.now() - before.time) / 1000;
  const { user, system } = process.cpuUsage(before.processor);
  const resident = process.memoryUsage().rss - before.resident;
  const peak = process.resourceUsage().maxRSS * 1024 - before.resident;
  const values =
    (await model
      .parameters()
      .find(({ name }) => name.endsWith("layers.3.mlp.down_proj.weight"))
      ?.read()) ?? [];
  let sum = 0;
  for (const value of values) sum += value;
  const opened: Opened = { seconds, processorSeconds: (user + system) / 1e6, resident, peak, sum };
  console.log(JSON.stringify(opened));
}
