import { shown } from "@mlan/safetensors";
import { PickleBytes } from "./pickle-bytes.ts";

/** A Python tuple. Lists are arrays, and dicts are maps. */
export class Tuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A function that a pickle may call. */
export interface Callable {
  call(args: readonly unknown[]): unknown;
}

/** Resolves the references of a pickle. Each function may throw. */
export interface PickleWorld {
  /** Returns the value of a name in a module: a {@link Callable} or any other value. */
  find(module: string, name: string): unknown;
  /** Returns the object with a persistent id. The object is stored outside the pickle. */
  load(id: unknown): unknown;
  /** Creates the error for an inconsistent pickle. `what` continues a sentence after a colon. */
  damaged(what: string): Error;
  /** Creates the error for valid content that is not supported. */
  unsupported(what: string): Error;
}

/**
 * Maximum number of objects in a pickle. A tensor takes fewer than twenty, and an archive has up to 100,000 records.
 */
const MOST_OBJECTS = 3_000_000;
/** The cost of a dict in objects. A dict takes as much memory as four lists. */
const DICT = 4;
/** Maximum number of values on the stack. Python pushes a thousand items at a time. */
const MOST_STACKED = 1_000_000;

/**
 * Reads a pickle of protocol 2 or newer. Creates only tuples, lists, dicts, text, numbers, and the values that `world`
 * returns. Time and memory are proportional to the number of bytes.
 */
export function unpickle(bytes: Uint8Array, world: PickleWorld): unknown {
  const machine = new Machine(new PickleBytes(bytes, (what) => world.damaged(what)), world);
  return machine.run();
}

class Machine {
  readonly input: PickleBytes;
  readonly world: PickleWorld;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  #objects = 0;

  constructor(input: PickleBytes, world: PickleWorld) {
    this.input = input;
    this.world = world;
  }

  run(): unknown {
    for (;;) {
      const { position } = this.input;
      const code = this.input.uint8();
      if (code === STOP) return this.pop();
      const operation = OPERATIONS.get(code);
      if (!operation) {
        const shown = `0x${code.toString(16).padStart(2, "0")}`;
        throw this.world.damaged(
          `byte ${position} is ${shown}, which is not a supported instruction of pickle protocols 2 to 5`,
        );
      }
      operation(this);
    }
  }

  push(value: unknown): void {
    if (this.#stack.length >= MOST_STACKED) throw this.world.damaged(`it pushes more than ${MOST_STACKED} values`);
    this.#stack.push(value);
  }

  /**
   * Pushes a dict, a list, a tuple or the result of a call. One byte of a pickle can create such an object of hundreds
   * of bytes.
   */
  pushObject(value: unknown): void {
    this.#count(value instanceof Map ? DICT : 1);
    this.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.world.damaged("it pops a value that it did not push");
    return this.#stack.pop();
  }

  /** Returns the value on top of the stack without removing it. */
  top(): unknown {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    if (this.#marks.length >= MOST_STACKED) throw this.world.damaged(`it sets more than ${MOST_STACKED} marks`);
    this.#marks.push(this.#stack.length);
  }

  /** Removes the last mark, and returns the values above it. */
  popMarked(): readonly unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.world.damaged("it pops values down to a mark that it did not set");
    return this.#stack.splice(mark);
  }

  /** Stores the value on top in the memo. Default index: the next number. */
  put(index: number = this.#memo.size): void {
    this.#count(1);
    this.#memo.set(index, this.top());
  }

  get(index: number): void {
    if (!this.#memo.has(index)) throw this.world.damaged(`it reads value ${index} of its memo, which it did not store`);
    this.push(this.#memo.get(index));
  }

  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop()).toReversed();
    this.pushObject(new Tuple(items));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.world.damaged("it appends to something that is not a list");
    for (const item of items) list.push(item);
  }

  /** Adds items to the dict on top. Keys and values alternate. */
  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw this.world.damaged("it sets items of something that is not a dict");
    if (items.length % 2 !== 0) throw this.world.damaged("it sets a key without a value");
    for (let index = 0; index < items.length; index += 2) {
      const key = items[index];
      if (dict.has(key)) throw this.world.damaged(`one dict has the key ${shown(key)} twice`);
      dict.set(key, items[index + 1]);
    }
  }

  find(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.world.damaged("the name of a module is not text");
    this.push(this.world.find(module, name));
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(args instanceof Tuple)) throw this.world.damaged("it calls a function with arguments that are not a tuple");
    if (!isCallable(callable)) throw this.world.damaged("it calls something that is not a function");
    this.pushObject(callable.call(args.items));
  }

  /** Ignores the attributes that Python sets on a dict, such as a state dict's `_metadata`. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw this.world.unsupported("sets attributes of something that is not a dict");
  }

  #count(cost: number): void {
    this.#objects += cost;
    if (this.#objects > MOST_OBJECTS) throw this.world.damaged(`it creates more than ${MOST_OBJECTS} objects`);
  }

  refuse(what: string): never {
    throw this.world.unsupported(what);
  }
}

function isCallable(value: unknown): value is Callable {
  return typeof value === "object" && value !== null && "call" in value && typeof value.call === "function";
}

const STOP = 0x2e;
/** Maximum length of an integer in bytes. No size needs more. */
const LONGEST_INTEGER = 255;

/** The instructions of protocols 2 to 5 by their byte. The names are those of Python's pickletools. */
const OPERATIONS: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  [0x28, (m) => m.mark()], // MARK
  [0x29, (m) => m.tuple(0)], // EMPTY_TUPLE
  [0x30, (m) => void m.pop()], // POP
  [0x31, (m) => void m.popMarked()], // POP_MARK
  [0x32, (m) => m.push(m.top())], // DUP
  [0x42, (m) => m.push(m.input.bytes(m.input.uint32()))], // BINBYTES
  [0x43, (m) => m.push(m.input.bytes(m.input.uint8()))], // SHORT_BINBYTES
  [0x47, (m) => m.push(m.input.float64())], // BINFLOAT
  [0x4a, (m) => m.push(m.input.int32())], // BININT
  [0x4b, (m) => m.push(m.input.uint8())], // BININT1
  [0x4d, (m) => m.push(m.input.uint16())], // BININT2
  [0x4e, (m) => m.push(null)], // NONE
  [0x51, (m) => m.push(m.world.load(m.pop()))], // BINPERSID
  [0x52, (m) => m.call()], // REDUCE
  [0x54, (m) => m.push(m.input.latin1(m.input.uint32()))], // BINSTRING
  [0x55, (m) => m.push(m.input.latin1(m.input.uint8()))], // SHORT_BINSTRING
  [0x58, (m) => m.push(m.input.utf8(m.input.uint32()))], // BINUNICODE
  [0x5d, (m) => m.pushObject([])], // EMPTY_LIST
  [0x61, (m) => appendOne(m)], // APPEND
  [0x62, (m) => m.build()], // BUILD
  [0x63, (m) => m.find(m.input.line(), m.input.line())], // GLOBAL
  [0x64, (m) => makeDict(m)], // DICT
  [0x65, (m) => m.append(m.popMarked())], // APPENDS
  [0x68, (m) => m.get(m.input.uint8())], // BINGET
  [0x6a, (m) => m.get(m.input.uint32())], // LONG_BINGET
  [0x6c, (m) => m.pushObject([...m.popMarked()])], // LIST
  [0x71, (m) => m.put(m.input.uint8())], // BINPUT
  [0x72, (m) => m.put(m.input.uint32())], // LONG_BINPUT
  [0x73, (m) => setOne(m)], // SETITEM
  [0x74, (m) => m.pushObject(new Tuple(m.popMarked()))], // TUPLE
  [0x75, (m) => m.setItems(m.popMarked())], // SETITEMS
  [0x7d, (m) => m.pushObject(new Map())], // EMPTY_DICT
  [0x80, (m) => checkProtocol(m)], // PROTO
  [0x81, (m) => m.call()], // NEWOBJ
  [0x85, (m) => m.tuple(1)], // TUPLE1
  [0x86, (m) => m.tuple(2)], // TUPLE2
  [0x87, (m) => m.tuple(3)], // TUPLE3
  [0x88, (m) => m.push(true)], // NEWTRUE
  [0x89, (m) => m.push(false)], // NEWFALSE
  [0x8a, (m) => m.push(m.input.integer(m.input.uint8()))], // LONG1
  [0x8b, (m) => longInteger(m)], // LONG4
  [0x8c, (m) => m.push(m.input.utf8(m.input.uint8()))], // SHORT_BINUNICODE
  [0x8d, (m) => m.push(m.input.utf8(m.input.uint64()))], // BINUNICODE8
  [0x8e, (m) => m.push(m.input.bytes(m.input.uint64()))], // BINBYTES8
  [0x8f, (m) => m.refuse("holds a set")], // EMPTY_SET
  [0x91, (m) => m.refuse("holds a set")], // FROZENSET
  [0x93, (m) => findOnStack(m)], // STACK_GLOBAL
  [0x94, (m) => m.put()], // MEMOIZE
  [0x95, (m) => void m.input.uint64()], // FRAME
  [0x96, (m) => m.push(m.input.bytes(m.input.uint64()))], // BYTEARRAY8
]);

function appendOne(machine: Machine): void {
  const item = machine.pop();
  machine.append([item]);
}

function setOne(machine: Machine): void {
  const value = machine.pop();
  const key = machine.pop();
  machine.setItems([key, value]);
}

function makeDict(machine: Machine): void {
  const items = machine.popMarked();
  machine.pushObject(new Map());
  machine.setItems(items);
}

function findOnStack(machine: Machine): void {
  const name = machine.pop();
  const module = machine.pop();
  machine.find(module, name);
}

function longInteger(machine: Machine): void {
  const length = machine.input.uint32();
  if (length > LONGEST_INTEGER) throw machine.world.damaged(`it contains an integer of ${length} bytes`);
  machine.push(machine.input.integer(length));
}

function checkProtocol(machine: Machine): void {
  const protocol = machine.input.uint8();
  if (protocol < 2 || protocol > 5)
    machine.refuse(`is a pickle of protocol ${protocol}; protocols 2 to 5 are supported`);
}
