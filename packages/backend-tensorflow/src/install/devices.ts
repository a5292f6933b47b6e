/** What TensorFlow computes on. */
export interface Device {
  /** e.g. "/job:localhost/replica:0/task:0/device:GPU:0". */
  readonly name: string;
  /** "CPU", "GPU", ... */
  readonly type: string;
  /** Of its memory, as far as TensorFlow may use it. */
  readonly bytes: number;
}

/** Of the lines that `mlan_devices` of the binding writes. */
export function parseDevices(text: string): readonly Device[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", type = "", bytes = "0"] = line.split("\t");
      return { name, type, bytes: Number(bytes) };
    });
}

/** Without memory for the CPU, of which TensorFlow names a constant. */
export function deviceText({ type, bytes }: Device): string {
  return type === "CPU" ? type : `${type} ${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
