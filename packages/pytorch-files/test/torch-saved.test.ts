import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { openPytorch, PytorchFileError } from "@mlan/pytorch-files";
import { temporaryFolder } from "@mlan/testing";
import { describe, expect, it } from "vitest";

/** Written by tools/fixtures/pytorch_files.py. */
const fixtures = new URL("fixtures/", import.meta.url);

interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Float32 or int32, little-endian, as base64; absent for dtypes that cannot be read. */
  readonly values?: string;
}

const { files }: { files: Readonly<Record<string, Readonly<Record<string, ExpectedTensor>>>> } = JSON.parse(
  await readFile(new URL("expected.json", fixtures), "utf8"),
);
const isInteger = (dtype: string): boolean => /^[IUB][0-9O]/.test(dtype);

async function expectTensors(place: URL, tensors: Readonly<Record<string, ExpectedTensor>>): Promise<void> {
  const reader = await openPytorch(place);
  try {
    expect([...reader.entries.keys()].toSorted()).toEqual(Object.keys(tensors).toSorted());
    for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
      expect(reader.entries.get(name), name).toMatchObject({ name, dtype, shape });
      if (values === undefined) continue;
      const read = isInteger(dtype) ? await reader.readInt32(name) : await reader.read(name);
      expect(Buffer.from(read.buffer).toString("base64"), name).toBe(values);
    }
  } finally {
    await reader.close();
  }
}

describe("a file that torch.save wrote has PyTorch's values", () => {
  it.each(Object.keys(files).filter((name) => name !== "sharded"))("%s", async (name) => {
    await expectTensors(new URL(`${name}.bin`, fixtures), files[name] ?? {});
  });

  it("in shards that an index names", async () => {
    await expectTensors(new URL("sharded/", fixtures), files["sharded"] ?? {});
  });

  it("in a folder without an index, where other files are ignored", async () => {
    const folder = temporaryFolder();
    await cp(new URL("single/", fixtures), folder, { recursive: true });
    await writeFile(new URL("training_args.bin", folder), "PK");
    await expectTensors(folder, files["single/pytorch_model"] ?? {});
  });

  it("in a single file beside older shards, as transformers prefers", async () => {
    const folder = temporaryFolder();
    await cp(new URL("sharded/", fixtures), folder, { recursive: true });
    await cp(new URL("single/", fixtures), folder, { recursive: true });
    await expectTensors(folder, files["single/pytorch_model"] ?? {});
  });
});

it("the first value that is not finite is found, also in a view", async () => {
  const reader = await openPytorch(new URL("dtypes.bin", fixtures));
  expect(await reader.readInto("not.finite", new Float32Array(3))).toBe(1);
  expect(await reader.readInto("scalar", new Float32Array(1))).toBe(-1);
  await reader.close();
});

describe("a file with more than a state dict of tensors is refused with instructions, and no code in it is run", () => {
  it.each([
    ["legacy", "unsupported", "before version 1.6. Load and save it with a newer version: torch.save("],
    ["big-endian", "unsupported", "contains big-endian numbers"],
    ["torchscript", "unsupported", "is a TorchScript program. In Python: torch.save(torch.jit.load("],
    ["trainer-state", "unsupported", 'contains tensors inside "state_dict", one of "epoch", "state_dict"'],
    ["data-parallel", "unsupported", 'has "module." before the names of all tensors'],
    ["tensor", "unsupported", "contains one tensor without a name"],
    ["list", "unsupported", "contains a value that is not a dict of tensors"],
    ["no-tensors", "unsupported", 'contains no tensors, but "lr"'],
    ["namespace", "unsupported", 'names "argparse.Namespace". Only the parts of tensors are read'],
    ["runs", "unsupported", 'names "posix.system"'],
    ["set", "unsupported", 'names "__builtin__.set"'],
    ["sparse", "unsupported", 'names "torch._utils._rebuild_sparse_tensor"'],
    ["quantized", "unsupported", 'names "torch._utils._rebuild_qtensor"'],
    ["negated", "unsupported", "contains a negated or conjugated view"],
    ["complex", "unsupported", 'names "torch.ComplexFloatStorage"'],
    ["device", "unsupported", 'names "torch.device"'],
    ["meta", "unsupported", 'names "torch._utils._rebuild_meta_tensor_no_storage"'],
    ["integer-names", "damaged", "a tensor has the name 1, which is not text"],
  ] as const)("%s", async (name, code, message) => {
    const error: unknown = await openPytorch(new URL(`refused/${name}.bin`, fixtures)).catch(
      (thrown: unknown) => thrown,
    );
    expect(PytorchFileError.is(error, code)).toBe(true);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain(`refused/${name}.bin`);
    expect(existsSync("a-pickle-ran-code")).toBe(false);
  });
});

it("dtypes that cannot be read are listed, and refused by name when they are read", async () => {
  const reader = await openPytorch(new URL("dtypes.bin", fixtures));
  await expect(reader.read("torch.float8_e5m2")).rejects.toThrow('tensor "torch.float8_e5m2" is F8_E5M2; only F32');
  await expect(reader.readInt32("torch.float32")).rejects.toThrow('"torch.float32" is F32; only BOOL, U8');
  await expect(reader.read("nowhere")).rejects.toThrow('there is no tensor "nowhere"');
  await reader.close();
  await expect(reader.read("scalar")).rejects.toSatisfy((error) => PytorchFileError.is(error, "missing"));
});
