/**
 * How long reading every tensor of a checkpoint of 1 GiB takes, alone and after its SHA-256 was compared with
 * `checksums.json`. The file lies in the system's memory by then: a disk that is slower hides more of the hashing.
 * `npm run bench:open`
 */
import { verifyChecksums, writeChecksums } from "@mlan/core";
import { openSafetensors, writeSafetensors, type TensorToWrite } from "@mlan/safetensors";
import { randomFillSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Measurement } from "./measurement.ts";

const TENSORS = 64;
const SHAPE = [2048, 2048] as const;
const ROUNDS = 3;

const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-bench-open-"))}/`);
try {
  const file = new URL("model.safetensors", folder);
  const tensors = Array.from({ length: TENSORS }, (_, index): TensorToWrite => {
    const numbers = (): Float32Array => Float32Array.from(randomFillSync(new Int16Array(SHAPE[0] * SHAPE[1])));
    return { name: `tensor ${index}`, dtype: "F32", shape: SHAPE, data: numbers };
  });
  await writeSafetensors(file, tensors);
  await writeChecksums(folder);

  const plain = { time: new Measurement(), processor: new Measurement() };
  const verified = { time: new Measurement(), processor: new Measurement() };
  await readAll(file);
  for (let round = 0; round < ROUNDS; round++) {
    await measure(plain, () => readAll(file));
    await measure(verified, async () => {
      await verifyChecksums(folder);
      await readAll(file);
    });
  }
  for (const [name, of] of [
    ["time", "time"],
    ["processor time", "processor"],
  ] as const) {
    const ratio = (verified[of].median / plain[of].median).toFixed(2);
    console.log(`${name}: 1 GiB read ${plain[of]}, verified and read ${verified[of]}: ${ratio} x`);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function readAll(file: URL): Promise<void> {
  const reader = await openSafetensors(file);
  for (const name of reader.entries.keys()) await reader.read(name);
  await reader.close();
}

/** Time, and that of all of the process's threads: the one that other work on the machine changes little. */
async function measure(into: Record<"time" | "processor", Measurement>, work: () => Promise<void>): Promise<void> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  into.time.add(performance.now() - start);
  into.processor.add((user + system) / 1000);
}
