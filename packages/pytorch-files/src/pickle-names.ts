import { type Dtype, shown } from "@mlan/safetensors";
import { damaged, unsupported } from "./errors.ts";
import { Storage, TensorView } from "./stored-tensors.ts";
import { type Callable, type PickleWorld, Tuple } from "./unpickle.ts";

/** The remedy for a file that contains more than weights. */
export const SAVE_STATE_DICT =
  'If you trust the file, load it in Python and save the weights alone: torch.save(model.state_dict(), "pytorch_model.bin")';

/** Returns the only names that a pickle of weights may refer to: the parts of tensors. */
export function pickleWorld(file: URL): PickleWorld {
  const wrong = (what: string): Error => damaged(file, `its pickle is invalid: ${what}`);
  const refused = (what: string): Error => unsupported(file, what, SAVE_STATE_DICT);
  const makers = tensorMakers(wrong, refused);
  return {
    find(module, name) {
      const path = `${module}.${name}`;
      const found = makers.get(path) ?? STORAGES.get(path) ?? DTYPES.get(path);
      if (found) return found;
      throw refused(`names ${shown(path)}. Only the parts of tensors are read, because no code in a file is ever run`);
    },
    load: (id) => storageOf(id, wrong),
    damaged: wrong,
    unsupported: refused,
  };
}

class StorageType {
  readonly dtype: Dtype | undefined;

  constructor(dtype: Dtype | undefined) {
    this.dtype = dtype;
  }
}

class DtypeName {
  readonly dtype: Dtype;

  constructor(dtype: Dtype) {
    this.dtype = dtype;
  }
}

const STORAGES: ReadonlyMap<string, StorageType> = new Map([
  ["torch.FloatStorage", new StorageType("F32")],
  ["torch.HalfStorage", new StorageType("F16")],
  ["torch.BFloat16Storage", new StorageType("BF16")],
  ["torch.DoubleStorage", new StorageType("F64")],
  ["torch.LongStorage", new StorageType("I64")],
  ["torch.IntStorage", new StorageType("I32")],
  ["torch.ShortStorage", new StorageType("I16")],
  ["torch.CharStorage", new StorageType("I8")],
  ["torch.ByteStorage", new StorageType("U8")],
  ["torch.BoolStorage", new StorageType("BOOL")],
  ["torch.storage.UntypedStorage", new StorageType(undefined)],
]);

const DTYPES: ReadonlyMap<string, DtypeName> = new Map([
  ["torch.float32", new DtypeName("F32")],
  ["torch.float16", new DtypeName("F16")],
  ["torch.bfloat16", new DtypeName("BF16")],
  ["torch.float64", new DtypeName("F64")],
  ["torch.float8_e4m3fn", new DtypeName("F8_E4M3")],
  ["torch.float8_e5m2", new DtypeName("F8_E5M2")],
  ["torch.int64", new DtypeName("I64")],
  ["torch.int32", new DtypeName("I32")],
  ["torch.int16", new DtypeName("I16")],
  ["torch.int8", new DtypeName("I8")],
  ["torch.uint64", new DtypeName("U64")],
  ["torch.uint32", new DtypeName("U32")],
  ["torch.uint16", new DtypeName("U16")],
  ["torch.uint8", new DtypeName("U8")],
  ["torch.bool", new DtypeName("BOOL")],
]);

type Fail = (what: string) => Error;

function tensorMakers(wrong: Fail, refused: Fail): ReadonlyMap<string, Callable> {
  const view = (args: readonly unknown[], dtype: unknown, metadata: unknown): TensorView => {
    const [storage, offset, shape, strides] = args;
    if (!(storage instanceof Storage)) throw wrong("a tensor has no storage");
    const known = dtype instanceof DtypeName ? dtype.dtype : storage.dtype;
    if (known === undefined) throw wrong("a tensor has no dtype");
    if (!isNatural(offset)) throw wrong(`a tensor begins at element ${shown(offset)}`);
    // A flag "negated" or "conjugated" changes all values.
    if (metadata instanceof Map && metadata.size > 0)
      throw refused("contains a negated or conjugated view of a tensor");
    return new TensorView(storage, known, { offset, shape: naturals(shape, wrong), strides: naturals(strides, wrong) });
  };
  const tensorOf = (value: unknown): TensorView => {
    if (value instanceof TensorView) return value;
    throw wrong("a parameter is not a tensor");
  };
  return new Map<string, Callable>([
    ["collections.OrderedDict", { call: ([pairs]) => dictOf(pairs, wrong) }],
    ["torch.Size", { call: ([sizes]) => new Tuple(naturals(sizes, wrong)) }],
    ["torch._utils._rebuild_tensor", { call: (args) => view(args, undefined, undefined) }],
    ["torch._utils._rebuild_tensor_v2", { call: (args) => view(args, undefined, args[6]) }],
    ["torch._utils._rebuild_tensor_v3", { call: (args) => view(args, args[6], args[7]) }],
    ["torch._utils._rebuild_parameter", { call: ([data]) => tensorOf(data) }],
    ["torch._utils._rebuild_parameter_with_state", { call: ([data]) => tensorOf(data) }],
  ]);
}

/** Creates an ordered dict from pairs. */
function dictOf(pairs: unknown, wrong: Fail): Map<unknown, unknown> {
  const dict = new Map<unknown, unknown>();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) throw wrong("a dict is created from items that are not pairs");
  for (const pair of pairs) {
    const [key, value, ...more] = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
    if (value === undefined || more.length > 0) throw wrong("a dict is created from items that are not pairs");
    if (dict.has(key)) throw wrong(`one dict has the key ${shown(key)} twice`);
    dict.set(key, value);
  }
  return dict;
}

/** Parses a storage's id as torch.save writes it: ("storage", type, key, device, length). */
function storageOf(id: unknown, wrong: Fail): Storage {
  const [kind, type, key, , length] = id instanceof Tuple ? id.items : [];
  if (kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string" || !isNatural(length)) {
    throw wrong("it refers to something that is not a storage");
  }
  return new Storage(key, type.dtype, length);
}

/** Maximum number of axes, more than PyTorch allows. */
const MOST_AXES = 64;

function naturals(value: unknown, wrong: Fail): readonly number[] {
  const items = value instanceof Tuple ? value.items : value;
  if (Array.isArray(items) && items.length <= MOST_AXES && items.every(isNatural)) return items;
  throw wrong(`a tensor has the sizes or strides ${shown(items)}`);
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
