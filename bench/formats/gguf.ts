import { open } from "node:fs/promises";
import type { CheckpointSize } from "../open/sharded-checkpoint.ts";

/** The formats of llama.cpp with the most similar sizes to int4 and int8: blocks of 32 codes with a float16 scale. */
export type GgufType = "q4_0" | "q8_0";

/** Numbers of the types in a GGUF file. */
const TYPES = { f32: 0, q4_0: 2, q8_0: 8 } as const;
type TensorType = keyof typeof TYPES;

const BLOCK = 32;
const BLOCK_BYTES = { q4_0: 2 + BLOCK / 2, q8_0: 2 + BLOCK } as const;
const ALIGNMENT = 32;
/** 2 ** -9 as float16, so that values are below 1. */
const SCALE = Buffer.from([0x00, 0x18]);

interface GgufTensor {
  readonly name: string;
  /** As PyTorch writes it; GGUF lists the lengths in reverse. */
  readonly shape: readonly number[];
  readonly type: TensorType;
}

/** Writes a Llama with random codes in the layout of llama.cpp. The output layer has 8 bits, as this project's has. */
export async function writeGguf(file: URL, size: CheckpointSize, type: GgufType): Promise<void> {
  const tensors = tensorsOf(size, type);
  let offset = 0;
  const infos = tensors.map(({ name, shape, type: kind }) => {
    const info = Buffer.concat([
      text(name),
      u32(shape.length),
      ...shape.toReversed().map(u64),
      u32(TYPES[kind]),
      u64(offset),
    ]);
    offset += aligned(bytesOf({ shape, type: kind }));
    return info;
  });
  const keys = keysOf(size, type);
  const start = Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(keys.length), ...keys, ...infos]);
  const handle = await open(file, "w");
  try {
    await handle.write(padded(start));
    for (const tensor of tensors) await handle.write(padded(contentOf(tensor)));
  } finally {
    await handle.close();
  }
}

function tensorsOf(size: CheckpointSize, type: GgufType): readonly GgufTensor[] {
  const { layers, hiddenSize, intermediateSize, heads, keyValueHeads, vocabularySize } = size;
  const keyWidth = (hiddenSize / heads) * keyValueHeads;
  const norm = (name: string): GgufTensor => ({ name: `${name}.weight`, shape: [hiddenSize], type: "f32" });
  const matrix = (name: string, rows: number, columns: number, kind: TensorType = type): GgufTensor => ({
    name: `${name}.weight`,
    shape: [rows, columns],
    type: kind,
  });
  return [
    matrix("token_embd", vocabularySize, hiddenSize),
    ...Array.from({ length: layers }, (_, layer) => `blk.${layer}`).flatMap((prefix) => [
      norm(`${prefix}.attn_norm`),
      matrix(`${prefix}.attn_q`, hiddenSize, hiddenSize),
      matrix(`${prefix}.attn_k`, keyWidth, hiddenSize),
      matrix(`${prefix}.attn_v`, keyWidth, hiddenSize),
      matrix(`${prefix}.attn_output`, hiddenSize, hiddenSize),
      norm(`${prefix}.ffn_norm`),
      matrix(`${prefix}.ffn_gate`, intermediateSize, hiddenSize),
      matrix(`${prefix}.ffn_up`, intermediateSize, hiddenSize),
      matrix(`${prefix}.ffn_down`, hiddenSize, intermediateSize),
    ]),
    norm("output_norm"),
    matrix("output", vocabularySize, hiddenSize, "q8_0"),
  ];
}

function keysOf(size: CheckpointSize, type: GgufType): readonly Buffer[] {
  const { layers, hiddenSize, intermediateSize, heads, keyValueHeads, vocabularySize } = size;
  const tokens = Array.from({ length: vocabularySize }, (_, id) => tokenText(id));
  return [
    string("general.architecture", "llama"),
    string("general.name", "random"),
    whole("general.file_type", type === "q4_0" ? 2 : 7),
    whole("general.alignment", ALIGNMENT),
    whole("llama.vocab_size", vocabularySize),
    whole("llama.context_length", 2048),
    whole("llama.embedding_length", hiddenSize),
    whole("llama.block_count", layers),
    whole("llama.feed_forward_length", intermediateSize),
    whole("llama.attention.head_count", heads),
    whole("llama.attention.head_count_kv", keyValueHeads),
    whole("llama.rope.dimension_count", hiddenSize / heads),
    key("llama.attention.layer_norm_rms_epsilon", KINDS.float32, f32(1e-5)),
    string("tokenizer.ggml.model", "llama"),
    list("tokenizer.ggml.tokens", KINDS.string, tokens.map(text)),
    list(
      "tokenizer.ggml.scores",
      KINDS.float32,
      tokens.map((_, id) => f32(-id)),
    ),
    list(
      "tokenizer.ggml.token_type",
      KINDS.int32,
      tokens.map((_, id) => u32(typeOfToken(id))),
    ),
    whole("tokenizer.ggml.bos_token_id", 1),
    whole("tokenizer.ggml.eos_token_id", 2),
  ];
}

/** Three control tokens, 256 bytes, and words that no text contains. */
function tokenText(id: number): string {
  if (id < 3) return ["<unk>", "<s>", "</s>"][id] ?? "";
  if (id < 259) return `<0x${(id - 3).toString(16).toUpperCase().padStart(2, "0")}>`;
  return `\u2581word${id}`;
}

/** Unknown, control, byte and normal. */
function typeOfToken(id: number): number {
  if (id === 0) return 2;
  if (id < 3) return 3;
  return id < 259 ? 6 : 1;
}

/** Numbers of the types of a GGUF file's keys. */
const KINDS = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const;

function key(name: string, kind: number, value: Buffer): Buffer {
  return Buffer.concat([text(name), u32(kind), value]);
}

function string(name: string, value: string): Buffer {
  return key(name, KINDS.string, text(value));
}

function whole(name: string, value: number): Buffer {
  return key(name, KINDS.uint32, u32(value));
}

function list(name: string, kind: number, values: readonly Buffer[]): Buffer {
  return key(name, KINDS.array, Buffer.concat([u32(kind), u64(values.length), ...values]));
}

function bytesOf({ shape, type }: Pick<GgufTensor, "shape" | "type">): number {
  const count = shape.reduce((product, length) => product * length, 1);
  return type === "f32" ? 4 * count : (count / BLOCK) * BLOCK_BYTES[type];
}

/** Ones in a norm, and random codes with a constant scale in a matrix. */
function contentOf(tensor: GgufTensor): Buffer {
  const bytes = Buffer.alloc(bytesOf(tensor));
  if (tensor.type === "f32") return bytes.fill(f32(1));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index ^ (index >>> 7), 0x9e3779b1);
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES[tensor.type]) SCALE.copy(bytes, start);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
