import koffi from "koffi";

/** A device of TensorFlow. */
export interface Device {
  /** TensorFlow's name, e.g. "/job:localhost/replica:0/task:0/device:GPU:0". */
  readonly name: string;
  readonly type: string;
  /** Bytes of memory that TensorFlow may use; undefined if unknown. */
  readonly bytes: number | undefined;
}

const BUFFER_SIZE = 2 ** 16;

/**
 * Lists devices. The function for this is in mlan's addition to the binding (`native/extension.cc`); without the
 * addition the list is empty.
 */
export function deviceList(bindingFile: string): readonly Device[] {
  const devices = listFunction(bindingFile);
  if (devices === undefined) return [];
  const buffer = Buffer.alloc(BUFFER_SIZE);
  const length = devices(buffer, buffer.length);
  return length <= 0 ? [] : parseDeviceList(buffer.toString("utf8", 0, length));
}

/** Parses lines of the form "name\ttype\tbytes". */
export function parseDeviceList(text: string): readonly Device[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", type = "", bytes = ""] = line.split("\t");
      return { name, type, bytes: Number(bytes) || undefined };
    });
}

function listFunction(bindingFile: string): ((buffer: Buffer, size: number) => number) | undefined {
  try {
    return koffi.load(bindingFile).func("int mlan_devices(_Out_ uint8_t *buffer, int size)");
  } catch {
    return undefined;
  }
}

/** Formats a device for messages. Omits the memory of a CPU, because TensorFlow reports a constant for it. */
export function deviceText({ type, bytes }: Device): string {
  return type === "CPU" || bytes === undefined ? type : `${type} ${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
